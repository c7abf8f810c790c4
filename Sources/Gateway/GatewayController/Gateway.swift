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
        var checks = [controller.storesReadiness]
        // Proxies elsewhere find us by a Service that leaves out who is not ready, so we must be ready before they come.
        if let supervisor { checks += [controller.proxiesReadiness, supervisor.readiness] }
        admin = AdminServer(
            configuration: configuration.admin, registry: registry, checks: checks,
            endpoints: controller.endpoints,
            metricsTail: {
                // Envoy between two lives has no statistics; ours are still worth having.
                (try? await supervisor?.admin?.prometheusText()) ?? ""
            }, logger: logger)
    }

    /// Runs until cancelled or shut down. On shutdown Envoy drains while everything else still works: the parts stop one
    /// after the other, the last first.
    package func run() async throws {
        var parts = [
            Part {
                try await server.run()
            } onShutdown: {
                server.beginGracefulShutdown()
            },
            Part { try await controller.run() },
            Part { try await admin.run() },
        ]
        if let envoy { parts.append(Part { try await envoy.run() }) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: parts.map { .init(service: $0) }, logger: logger))
        try await group.run()
    }

    /// Returns true once every connected proxy, at least one, holds the current plan and the local Envoy serves;
    /// false when the gateway stops before.
    package func waitUntilCurrent() async -> Bool {
        for await fleet in server.statuses() where fleet.isCurrent {
            return await envoy?.waitUntilServing() ?? true
        }
        return false
    }

    private struct Part: Service {
        let body: @Sendable () async throws -> Void
        let onShutdown: @Sendable () -> Void

        init(_ body: @escaping @Sendable () async throws -> Void, onShutdown: @escaping @Sendable () -> Void = {}) {
            self.body = body
            self.onShutdown = onShutdown
        }

        func run() async throws {
            try await withGracefulShutdownHandler(operation: body, onGracefulShutdown: onShutdown)
        }
    }
}

extension EnvoySupervisor {
    /// For `/readyz`: Envoy has opened its listeners.
    fileprivate var readiness: ReadinessCheck {
        ReadinessCheck(name: "envoy") {
            guard !self.isStopping else { return .notReady("Envoy takes no new connections and finishes its requests") }
            return switch self.status {
            case .serving: .ready
            case .starting: .notReady("Envoy starts")
            case .down(let reason): .notReady("Envoy ended and is started again: \(reason)")
            case .stopped: .notReady("Envoy is stopped")
            }
        }
    }
}
