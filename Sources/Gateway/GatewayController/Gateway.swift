import DiscoveryServer
package import EnvoyProcess
package import KubernetesClient
package import Logging
package import ServiceLifecycle
import Synchronization
package import Telemetry

/// A whole gateway on one machine: the discovery server, the controller, the admin port and, where wanted, an Envoy.
package struct Gateway: Service {
    package struct Configuration: Sendable {
        package var controller: ControllerConfiguration
        /// `nil`: proxies run elsewhere and come to the discovery address.
        package var envoy: EnvoyConfiguration?
        package var discovery: DiscoveryServer.Configuration
        package var admin: AdminServer.Configuration

        package init(
            controller: ControllerConfiguration, envoy: EnvoyConfiguration?,
            discovery: DiscoveryServer.Configuration, admin: AdminServer.Configuration
        ) {
            self.controller = controller
            self.envoy = envoy
            self.discovery = discovery
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
        envoy = try configuration.envoy.map { try EnvoySupervisor(configuration: $0, logger: logger) }
        var discovery = configuration.discovery
        if let envoy { discovery.address = .unixSocket(envoy.discoverySocket) }
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
