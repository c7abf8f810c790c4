import Foundation
import KubernetesModel
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
    let directory: String
    let log = Log()

    var dataDirectory: String { directory + "/data" }
    var manifestDirectory: String { directory + "/manifests" }
    var kubeconfig: String { dataDirectory + "/kubeconfig" }

    /// What the process printed, line by line.
    final class Log: Sendable {
        private let lines = Mutex<[String]>([])

        func append(_ line: String) { lines.withLock { $0.append(line) } }
        var text: String { lines.withLock { $0.joined(separator: "\n") } }
        func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
        var isReady: Bool { lines.withLock { $0.contains { $0.trimmingCharacters(in: .whitespaces) == "ready" } } }
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
        _ body: @escaping @Sendable (FairwayProcess) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let fairway = try FairwayProcess(
                httpPort: freePort(), httpsPort: freePort(), apiPort: freePort(), adminPort: freePort(),
                directory: directory)
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
        arguments: [String], _ body: @escaping @Sendable (FairwayProcess) async throws -> Result
    ) async throws -> Result {
        let flags =
            [
                "up", manifestDirectory, "--bind", "127.0.0.1", "--http-port", "\(httpPort)", "--https-port",
                "\(httpsPort)", "--api-port", "\(apiPort)", "--admin-port", "\(adminPort)", "--data-dir",
                dataDirectory, "--envoy", try Tool.envoy.required(),
            ] + arguments
        var platform = PlatformOptions()
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        let outcome = try await Subprocess.run(
            .path(FilePath(try FairwayProcess.executable)), arguments: Arguments(flags), platformOptions: platform,
            input: .none, output: .sequence, error: .combinedWithOutput
        ) { execution in
            let output = execution.standardOutput
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask {
                    for try await line in output.strings() { log.append(line) }
                    return nil
                }
                group.addTask {
                    try await waitUntilReady()
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
        guard let value = outcome.closureResult else { throw EndedEarly(log: log.text) }
        return value
    }

    private func waitUntilReady() async throws {
        do {
            try await eventually("fairway says ready", within: .seconds(60)) { log.isReady }
        } catch is DeadlineExceeded {
            throw EndedEarly(log: log.text)
        }
    }

    struct EndedEarly: Error, CustomStringConvertible {
        var log: String
        var description: String { "fairway ended early, or never became ready:\n\(log)" }
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
        try await command(
            FairwayProcess.executable, arguments + ["--admin", "http://127.0.0.1:\(adminPort)"])
    }

    /// Creates or changes objects, as `kubectl apply` does.
    func apply(_ objects: [JSONValue]) async throws {
        try await kubectl("apply", "-f", "-", input: Manifest.text(objects))
    }

    func delete(_ kind: String, _ names: String...) async throws {
        _ = try await command(Tool.kubectl.required(), ["delete", kind, "--ignore-not-found"] + names)
    }

    /// The objects of a kind in the default namespace, as the API server has them.
    func list<Object: Decodable>(_ kind: String, as type: Object.Type) async throws -> [Object] {
        let text = try await kubectl("get", kind, "-o", "json")
        return try JSONDecoder().decode(List<Object>.self, from: Data(text.utf8)).items
    }

    private struct List<Object: Decodable>: Decodable { var items: [Object] }

    private func command(_ path: String, _ arguments: [String], input: String = "") async throws -> String {
        let outcome = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments),
            environment: .inherit.updating([
                "KUBECONFIG": kubeconfig, "KUBECACHEDIR": directory + "/kubectl",
            ]),
            input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard outcome.terminationStatus.isSuccess else {
            throw CommandFailure(
                command: "\(path) \(arguments.joined(separator: " "))",
                output: outcome.standardOutput + outcome.standardError)
        }
        return outcome.standardOutput
    }
}
