import Foundation
package import Logging
import NIOCore
import NIOPosix
import PodNetwork

/// Takes away what agents made on this node: `fairway node --cleanup`. Refused while one runs, which would put it back.
package struct NodeCleanup: Sendable {
    private let configuration: NodeAgentConfiguration
    private let logger: Logger

    package init(configuration: NodeAgentConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    package struct AgentRuns: Error, CustomStringConvertible {
        var socket: String
        package var description: String {
            "nothing was removed: an agent runs on this node (it answers on \(socket)); stop it first"
        }
    }

    /// Returns a line for each thing that is gone. In the opposite order of how it was made: first no pods come any more.
    package func run() async throws -> [String] {
        guard await !isAgentRunning() else { throw AgentRuns(socket: configuration.socket) }
        var lines: [String] = []
        try configuration.installation.removeConfiguration()
        try configuration.installation.removeProgram()
        lines.append("removed the CNI program and its configuration")
        if FileManager.default.fileExists(atPath: configuration.stateDirectory) {
            let pods = try PodNetworkAgent(
                PodNetworkAgent.Settings(stateDirectory: configuration.stateDirectory), log: logger)
            let count = pods.addresses().count
            try await pods.removeEverything()
            lines.append("removed the links of pods, with \(count) addresses")
        }
        lines += try ServiceProgrammer.cleanUp().map { "removed \($0)" }
        lines += try NodeRoutes.cleanUp().map { "removed \($0)" }
        if FileManager.default.fileExists(atPath: configuration.stateDirectory) {
            try FileManager.default.removeItem(atPath: configuration.stateDirectory)
            lines.append("removed \(configuration.stateDirectory)")
        }
        return lines
    }

    /// The socket's file stays when an agent ends; only a living one accepts connections.
    private func isAgentRunning() async -> Bool {
        let group = MultiThreadedEventLoopGroup.singleton
        guard
            let channel = try? await ClientBootstrap(group: group).connect(unixDomainSocketPath: configuration.socket)
                .get()
        else { return false }
        try? await channel.close()
        return true
    }
}
