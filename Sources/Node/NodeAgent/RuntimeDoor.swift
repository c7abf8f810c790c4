import Logging
import PodNetwork

/// The side of the agent that container runtimes see: the CNI program in its folder, the socket that it asks, and the
/// network configuration, which comes last, since it makes the node Ready. All three stay when the agent ends: a runtime
/// that asks meanwhile is told to try again.
struct RuntimeDoor: Sendable {
    private let installation: RuntimeInstallation
    private let server: ShimServer
    private let pods: PodNetworkAgent
    private let logger: Logger

    init(_ configuration: NodeAgentConfiguration, pods: PodNetworkAgent, logger: Logger) {
        installation = configuration.installation
        server = ShimServer(path: configuration.socket, agent: pods, log: logger)
        self.pods = pods
        self.logger = logger
    }

    /// Runs until cancelled.
    func run() async throws {
        try installation.installProgram()
        let (opened, opening) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { opening.finish() } }
            group.addTask {
                for await _ in opened {}
                try await invite()
                // Only the end of the server ends this.
                while true { try await Task.sleep(for: .seconds(3600)) }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    /// Installs the configuration as soon as an ADD would be served.
    private func invite() async throws {
        while let obstacle = pods.obstacle {
            logger.debug("no network configuration yet", metadata: ["reason": "\(obstacle)"])
            try await Task.sleep(for: .milliseconds(20))
        }
        try installation.installConfiguration()
        logger.info(
            "pods can be added", metadata: ["configuration": "\(installation.configurationDirectory)"])
    }
}

extension NodeAgentConfiguration {
    var socket: String { stateDirectory + "/cni.sock" }

    var installation: RuntimeInstallation {
        RuntimeInstallation(
            configurationDirectory: networkConfigurationDirectory, programDirectory: networkProgramDirectory,
            program: networkProgram ?? RuntimeInstallation.ownProgram, socket: socket)
    }
}
