import Foundation
import Logging

/// A node's agent: `fairway node` in the node's namespace, started again whenever it ends, as a DaemonSet would.
struct AgentRun: Sendable {
    let node: NodePlace
    let kubeconfig: String
    let networkProgram: String
    let adminPort: UInt16
    let arguments: [String]
    let logger: Logger

    private static let pause: Duration = .milliseconds(200)

    /// Runs until cancelled.
    func run() async throws {
        let command = LabCommand(
            node.fairway,
            [
                "node", "--node-name", node.name, "--kubeconfig", kubeconfig, "--admin-port", "\(adminPort)",
                "--state-dir", node.agentDirectory, "--cni-conf-dir", node.configurationDirectory, "--cni-bin-dir",
                node.programDirectory, "--cni-program", networkProgram,
            ] + arguments, in: node.namespace, mark: node.mark)
        while true {
            let code = try await command.run(log: "\(node.directory)/agent.log")
            try Task.checkCancellation()
            logger.warning(
                "agent ended; starting it again",
                metadata: ["node": "\(node.name)", "code": "\(code)", "log": "\(node.directory)/agent.log"])
            try await Task.sleep(for: Self.pause)
        }
    }
}
