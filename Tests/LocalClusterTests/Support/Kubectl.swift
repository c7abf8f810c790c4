import Foundation
import LocalCluster
import TestSupport

/// The real kubectl, with nothing but `KUBECONFIG` to tell it where to go.
struct Kubectl: Sendable {
    struct Output: Sendable {
        var code: Int32
        var standardOutput: String
        var standardError: String
    }

    var program: String
    var directory: String

    /// Runs kubectl; a failure is a value too.
    func attempt(
        _ arguments: [String], input: String = "", environment extra: [String: String] = [:]
    ) async throws -> Output {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ProcessInfo.processInfo.environment
            .merging(["KUBECONFIG": "\(directory)/kubeconfig", "HOME": directory]) { _, new in new }
            .merging(extra) { _, new in new }
        // Files instead of pipes: nothing to drain, nothing to deadlock.
        let name = "\(directory)/\(UUID().uuidString)"
        try input.write(toFile: name + ".in", atomically: false, encoding: .utf8)
        for stream in [".out", ".err"] { try Data().write(to: URL(fileURLWithPath: name + stream)) }
        process.standardInput = FileHandle(forReadingAtPath: name + ".in")
        process.standardOutput = FileHandle(forWritingAtPath: name + ".out")
        process.standardError = FileHandle(forWritingAtPath: name + ".err")
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return Output(
            code: process.terminationStatus,
            standardOutput: try String(contentsOfFile: name + ".out", encoding: .utf8),
            standardError: try String(contentsOfFile: name + ".err", encoding: .utf8))
    }

    /// Runs kubectl and returns what it prints; throws what it complains about.
    @discardableResult
    func callAsFunction(_ arguments: String..., input: String = "") async throws -> String {
        let output = try await attempt(arguments, input: input)
        guard output.code == 0 else { throw KubectlFailure(arguments: arguments, output: output) }
        return output.standardOutput
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }
}

struct KubectlFailure: Error, CustomStringConvertible {
    var arguments: [String]
    var output: Kubectl.Output
    var description: String {
        "kubectl \(arguments.joined(separator: " ")): exit \(output.code): \(output.standardError)"
    }
}

/// A cluster in memory and a kubectl of its own.
func withKubectl<Result: Sendable>(
    _ configuration: LocalClusterConfiguration = LocalClusterConfiguration(),
    _ body: @Sendable (Kubectl, LocalCluster) async throws -> Result
) async throws -> Result {
    let program = try Tool.kubectl.required()
    return try await withTemporaryDirectory { directory in
        try await withLocalCluster(configuration) { cluster in
            try cluster.writeKubeconfig(to: "\(directory)/kubeconfig")
            return try await body(Kubectl(program: program, directory: directory), cluster)
        }
    }
}
