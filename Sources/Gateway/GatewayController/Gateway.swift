import DiscoveryProtocol
package import DiscoveryServer
package import EnvoyProcess
package import KubernetesClient
package import Logging
import ServiceLifecycle
package import Telemetry

/// A whole gateway on one machine: the discovery server, the controller, the admin port and, where wanted, an Envoy.
package struct Gateway: Sendable {
    /// Where the proxies are.
    package enum Proxies: Sendable {
        /// One Envoy on this machine, which we start and which comes by a unix socket.
        case local(EnvoyConfiguration)
        /// Envoys that somebody else starts; they come to this address.
        case remote(DiscoveryConfiguration)
    }

    package struct Configuration: Sendable {
        package var controller: ControllerConfiguration
        package var proxies: Proxies
        /// Where the last set that proxies accepted is kept over restarts.
        package var lastGoodFile: String
        package var admin: AdminServer.Configuration

        package init(
            controller: ControllerConfiguration, proxies: Proxies, lastGoodFile: String,
            admin: AdminServer.Configuration
        ) {
            self.controller = controller
            self.proxies = proxies
            self.lastGoodFile = lastGoodFile
            self.admin = admin
        }
    }

    package let controller: Controller
    package let server: DiscoveryServer
    private let envoy: EnvoySupervisor?
    private let admin: AdminServer
    private let logger: Logger

    package init(
        client: KubernetesClient, configuration: Configuration, registry: PrometheusRegistry, logger: Logger
    ) throws {
        self.logger = logger
        var discovery: DiscoveryConfiguration
        switch configuration.proxies {
        case .local(let local):
            let supervisor = try EnvoySupervisor(configuration: local, logger: logger)
            discovery = DiscoveryConfiguration(address: .unixSocket(path: supervisor.discoverySocket))
            envoy = supervisor
        case .remote(let remote):
            discovery = remote
            envoy = nil
        }
        discovery.lastGoodFile = configuration.lastGoodFile
        server = DiscoveryServer(configuration: discovery, logger: logger)
        controller = Controller(
            client: client, server: server, configuration: configuration.controller, logger: logger)
        let supervisor = envoy
        admin = AdminServer(
            configuration: configuration.admin, registry: registry, checks: controller.readiness,
            endpoints: controller.endpoints,
            metricsTail: {
                // Envoy between two lives has no statistics; ours are still worth having.
                (try? await supervisor?.admin?.prometheusText()) ?? ""
            }, logger: logger)
    }

    /// Runs until cancelled or shut down. On shutdown Envoy drains while everything else still works.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { try await controller.run() }
            group.addTask { try await admin.run() }
            group.addTask {
                if let envoy {
                    try await envoy.run()
                } else {
                    try await gracefulShutdown()
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Waits until every connected proxy, at least one, holds the current plan.
    package func waitUntilCurrent() async throws {
        for await fleet in server.statuses() where fleet.isCurrent { return }
        throw CancellationError()
    }
}
