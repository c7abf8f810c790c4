import Foundation
import Subprocess
import Synchronization
import TestSupport

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A real `fairway up` as a child process, with ports and a data folder of its own.
struct FairwayProcess: Sendable {
    let httpPort: UInt16
    let httpsPort: UInt16
    let apiPort: UInt16
    let adminPort: UInt16
    let dataDirectory: String
    let manifestDirectory: String
    let log: Log

    var kubeconfig: String { dataDirectory + "/kubeconfig" }

    /// What the process printed, line by line.
    final class Log: Sendable {
        private let lines = Mutex<[String]>([])

        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var text: String { lines.withLock { $0.joined(separator: "\n") } }
        func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
    }

    static var executable: String {
        get throws {
            // The test bundle lies beside the products it was built with.
            let candidates = [
                ProcessInfo.processInfo.environment["FAIRWAY"],
                Tool.packageDirectory + "/.build/debug/fairway",
            ].compactMap(\.self)
            guard let path = candidates.first(where: FileManager.default.isExecutableFile(atPath:)) else {
                throw MissingTool(name: "fairway", variable: "FAIRWAY")
            }
            return path
        }
    }

    /// Starts `fairway up` on the given manifests (file name → text), waits until it says `ready`, and stops it with
    /// SIGTERM afterwards.
    static func up<Result: Sendable>(
        manifests: [String: String] = [:], arguments: [String] = [],
        _ body: @Sendable (FairwayProcess) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let fairway = try FairwayProcess(
                httpPort: freePort(), httpsPort: freePort(), apiPort: freePort(), adminPort: freePort(),
                dataDirectory: directory + "/data", manifestDirectory: directory + "/manifests", log: Log())
            try FileManager.default.createDirectory(
                atPath: fairway.manifestDirectory, withIntermediateDirectories: true)
            for (name, text) in manifests { try fairway.write(name, text) }
            return try await fairway.run(arguments: arguments, body)
        }
    }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(manifestDirectory)/\(name)", atomically: true, encoding: .utf8)
    }

    func run<Result: Sendable>(
        arguments: [String], _ body: @Sendable (FairwayProcess) async throws -> Result
    ) async throws -> Result {
        let flags =
            [
                "up", manifestDirectory, "--bind", "127.0.0.1", "--http-port", "\(httpPort)", "--https-port",
                "\(httpsPort)",
                "--api-port", "\(apiPort)", "--admin-port", "\(adminPort)", "--data-dir", dataDirectory,
                "--envoy", try Tool.envoy.required(),
            ] + arguments
        var platform = PlatformOptions()
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        let outcome = try await Subprocess.run(
            .path(FilePath(try FairwayProcess.executable)), arguments: Arguments(flags), platformOptions: platform,
            error: .combineWithOutput
        ) { execution, output in
            try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask {
                    for try await line in output.lines() { log.append(line) }
                    return nil
                }
                group.addTask {
                    try await eventually("fairway says ready\n\(log.text)", within: .seconds(60)) {
                        log.contains("ready")
                    }
                    let result = try await body(self)
                    try execution.send(signal: .terminate)
                    return result
                }
                var result: Result?
                while let next = try await group.next() {
                    if let next {
                        result = next
                    } else if result == nil {
                        throw EndedEarly(log: log.text)
                    }
                }
                return result
            }
        }
        guard let value = outcome.value else { throw EndedEarly(log: log.text) }
        return value
    }

    struct EndedEarly: Error, CustomStringConvertible {
        var log: String
        var description: String { "fairway ended early:\n\(log)" }
    }
}

extension FairwayProcess {
    struct CommandFailure: Error, CustomStringConvertible {
        var command: String
        var output: String
        var description: String { "\(command): \(output)" }
    }

    /// Runs the real kubectl with nothing but KUBECONFIG, and gives what it printed.
    @discardableResult
    func kubectl(_ arguments: String..., input: String = "") async throws -> String {
        try await command(Tool.kubectl.required(), arguments, input: input)
    }

    /// Runs a `fairway` command that asks this process.
    @discardableResult
    func fairway(_ arguments: String...) async throws -> String {
        try await command(FairwayProcess.executable, arguments)
    }

    private func command(_ path: String, _ arguments: [String], input: String = "") async throws -> String {
        let outcome = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments),
            environment: .inherit.updating(["KUBECONFIG": kubeconfig]), input: .string(input),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        let output = (outcome.standardOutput ?? "") + (outcome.standardError ?? "")
        guard outcome.terminationStatus.isSuccess else {
            throw CommandFailure(command: "\(path) \(arguments.joined(separator: " "))", output: output)
        }
        return output
    }
}
