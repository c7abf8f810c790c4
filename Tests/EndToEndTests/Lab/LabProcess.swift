import Foundation
import KubernetesModel
import Subprocess
import TestSupport
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A real `fairway lab up` as a child process, with a state directory of its own.
struct LabProcess: Sendable {
    @TaskLocal private static var shared: LabProcess?

    let directory: String
    let pid: Int32
    let log: FairwayProcess.Log

    static var current: LabProcess {
        get throws { try #require(shared, "the suite lacks the .lab trait") }
    }

    var stateDirectory: String { directory + "/state" }
    var kubeconfig: String { stateDirectory + "/kubeconfig" }

    /// Brings a lab up, waits until it says `ready`, and ends it with SIGTERM afterwards.
    static func up<Result: Sendable>(
        manifests: [String: String] = [:], examples: [String] = [], arguments: [String] = [], wrapper: [String] = [],
        _ body: @escaping @Sendable (LabProcess) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryDirectory { directory in
            let folder = directory + "/manifests"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, text) in manifests {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            }
            let words =
                wrapper + [
                    try FairwayProcess.executable, "lab", "up", "--state-dir", directory + "/state", "--manifests",
                    folder,
                ] + examples.map { Tool.packageDirectory + "/" + $0 } + arguments
            return try await run(words, directory: directory, body)
        }
    }

    private static func run<Result: Sendable>(
        _ words: [String], directory: String, _ body: @escaping @Sendable (LabProcess) async throws -> Result
    ) async throws -> Result {
        let log = FairwayProcess.Log()
        var platform = PlatformOptions()
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
        let outcome = try await Subprocess.run(
            program(words[0]), arguments: Arguments(Array(words.dropFirst())), platformOptions: platform, input: .none,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            let output = execution.standardOutput
            let lab = LabProcess(directory: directory, pid: execution.processIdentifier.value, log: log)
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask {
                    for try await line in output.strings() { log.append(line) }
                    return nil
                }
                group.addTask {
                    do {
                        try await eventually("the lab says ready", within: .seconds(60)) { log.isReady }
                        let result = try await body(lab)
                        // A body may have ended the lab itself.
                        try? execution.send(signal: .terminate)
                        return result
                    } catch {
                        // Its last words tell why.
                        throw Failure(cause: error, log: lab.lastWords)
                    }
                }
                var result: Result?
                while let next = try await group.next() {
                    if let next {
                        result = next
                    } else if result == nil, !log.isReady {
                        throw Failure(cause: nil, log: log.text)
                    }
                }
                return result
            }
        }
        guard let value = outcome.closureResult else { throw Failure(cause: nil, log: log.text) }
        return value
    }

    struct Failure: Error, CustomStringConvertible {
        var cause: (any Error)?
        var log: String
        var description: String { "\(cause.map { "\($0)" } ?? "the lab ended early")\n\(log)" }
    }

    /// The ends of all logs.
    private var lastWords: String {
        let agents = (1...3).map { "\(stateDirectory)/nodes/node-\($0)/agent.log" }
        let texts = agents.compactMap { path in
            (try? String(contentsOfFile: path, encoding: .utf8)).map { "--- \(path)\n\($0.suffix(4000))" }
        }
        return ([String(log.text.suffix(4000))] + texts).joined(separator: "\n")
    }

    /// By its path, or looked for as a shell does.
    private static func program(_ word: String) -> Executable {
        word.contains("/") ? .path(FilePath(word)) : .name(word)
    }

    /// Runs a suite's tests with one shared lab.
    struct Trait: SuiteTrait, TestScoping {
        var manifests: [String: String]
        var examples: [String]
        var arguments: [String]

        func provideScope(
            for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
        ) async throws {
            try await withoutActuallyEscaping(function) { function in
                try await LabProcess.up(manifests: manifests, examples: examples, arguments: arguments) { lab in
                    try await LabProcess.$shared.withValue(lab) { try await function() }
                }
            }
        }
    }
}

extension Trait where Self == LabProcess.Trait {
    static func lab(manifests: [String: String] = [:], examples: [String] = [], arguments: [String] = []) -> Self {
        LabProcess.Trait(manifests: manifests, examples: examples, arguments: arguments)
    }
}

// MARK: - Asking it

extension LabProcess {
    struct Answer: Sendable {
        var isSuccess: Bool
        var output: String
        var errors: String
    }

    /// Runs a command inside a node, the client or a pod.
    @discardableResult
    func inside(_ place: String, _ command: String...) async throws -> Answer {
        try await fairway(["lab", "exec", "--state-dir", stateDirectory, place, "--"] + command)
    }

    func fairway(_ arguments: [String]) async throws -> Answer {
        try await run([try FairwayProcess.executable] + arguments)
    }

    @discardableResult
    func kubectl(_ arguments: String..., input: String = "") async throws -> String {
        let answer = try await run([try Tool.kubectl.required()] + arguments, input: input)
        guard answer.isSuccess else {
            throw FairwayProcess.CommandFailure(
                command: "kubectl \(arguments.joined(separator: " "))", output: answer.output + answer.errors)
        }
        return answer.output
    }

    func run(_ words: [String], input: String = "") async throws -> Answer {
        let outcome = try await Subprocess.run(
            Self.program(words[0]), arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating([
                "KUBECONFIG": kubeconfig, "KUBECACHEDIR": directory + "/kubectl", "LAB": stateDirectory,
                "FAIRWAY": try FairwayProcess.executable,
            ]),
            input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        return Answer(
            isSuccess: outcome.terminationStatus.isSuccess, output: outcome.standardOutput,
            errors: outcome.standardError)
    }

    /// One request by curl; `nil` when there is no answer.
    func get(_ url: String, from place: String, within seconds: Int = 2) async throws -> LabEcho? {
        let answer = try await inside(place, "curl", "--silent", "--max-time", "\(seconds)", url)
        guard answer.isSuccess else { return nil }
        return try JSONDecoder().decode(LabEcho.self, from: Data(answer.output.utf8))
    }

    func pods(_ labels: String = "app=web") async throws -> [Pod] {
        let text = try await kubectl("get", "pods", "-l", labels, "-o", "json")
        return try JSONDecoder().decode(PodList.self, from: Data(text.utf8)).items
    }

    private struct PodList: Decodable { var items: [Pod] }

    /// Asks the agent of a node, from inside the node.
    func agent(_ node: String, _ path: String) async throws -> String {
        try await inside(node, "curl", "--silent", "--max-time", "5", "http://127.0.0.1:7080\(path)").output
    }

    /// The number of the agent's process on a node.
    func agentProcess(_ node: String) async throws -> Int32 {
        let all = try await run(["pgrep", "-f", "node --node-name \(node) --kubeconfig \(kubeconfig)"])
        guard let pid = Int32(all.output.split(separator: "\n").first ?? "") else { throw NoAgent(node: node) }
        return pid
    }

    struct NoAgent: Error {
        var node: String
    }

    /// Requests by curl, one after the other, each on a connection of its own, until `body` has returned.
    /// - Returns: how many were sent, and what went wrong.
    func requests(
        to url: String, from place: String, while body: @escaping @Sendable () async throws -> Void
    ) async throws -> (count: Int, failures: [String]) {
        let stop = directory + "/stop-\(UUID().uuidString)"
        // What curl writes for each request: the status, and its own exit code.
        let script = """
            while [ ! -e \(stop) ]; do
                curl --silent --output /dev/null --max-time 3 --write-out '%{http_code} %{exitcode} %{remote_ip}\\n' \(url)
            done
            """
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await inside(place, "sh", "-c", script) }
            group.addTask {
                // Written also when the body fails, so that the loop ends.
                defer { _ = FileManager.default.createFile(atPath: stop, contents: nil) }
                try await body()
                return nil
            }
            var lines: [String] = []
            for try await answer in group {
                if let answer { lines = answer.output.split(separator: "\n").map(String.init) }
            }
            return (lines.count, lines.filter { !$0.hasPrefix("200 0") })
        }
    }
}

/// What an echo server in a pod says.
struct LabEcho: Decodable, Sendable {
    struct Server: Decodable, Sendable { var name: String }

    var server: Server
    /// `10.244.0.2:41234`, as the pod saw its client.
    var remoteAddress: String

    var name: String { server.name }
    var client: String { String(remoteAddress[..<(remoteAddress.lastIndex(of: ":") ?? remoteAddress.endIndex)]) }
}
