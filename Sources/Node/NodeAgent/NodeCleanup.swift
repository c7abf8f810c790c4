import Foundation
package import Logging
import PodNetwork

/// Takes away what agents made on this node: `fairway node --cleanup`. No agent may run meanwhile.
package struct NodeCleanup: Sendable {
    private let configuration: NodeAgentConfiguration
    private let logger: Logger

    package init(configuration: NodeAgentConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Returns a line for each thing that is gone. In the opposite order of how it was made: first no pods come any more.
    package func run() async throws -> [String] {
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
}
