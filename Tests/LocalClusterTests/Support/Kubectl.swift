import Foundation
import LocalCluster
import Subprocess
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
        var environment: [Environment.Key: String?] = [
            "KUBECONFIG": "\(directory)/kubeconfig", "HOME": directory, "KUBECTL_KUBERC": "false",
        ]
        for (key, value) in extra { environment[Environment.Key(stringLiteral: key)] = value }
        let result = try await run(
            .path(.init(program)), arguments: .init(arguments), environment: .inherit.updating(environment),
            workingDirectory: .init(directory), input: .string(input), output: .string(limit: 4 << 20),
            error: .string(limit: 1 << 20))
        let code: Int32 = if case .exited(let code) = result.terminationStatus { code } else { -1 }
        return Output(
            code: code, standardOutput: result.standardOutput ?? "", standardError: result.standardError ?? "")
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
