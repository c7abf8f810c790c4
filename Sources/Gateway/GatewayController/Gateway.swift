import DiscoveryProtocol
package import DiscoveryServer
package import EnvoyProcess
import EnvoyTranslation
package import KubernetesClient
package import Logging
import RateLimitService
import RateLimiter
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
        package var limiter: LimiterPlace

        package init(
            controller: ControllerConfiguration, proxies: Proxies, limiter: LimiterPlace, lastGoodFile: String,
            admin: AdminServer.Configuration
        ) {
            self.controller = controller
            self.proxies = proxies
            self.limiter = limiter
            self.lastGoodFile = lastGoodFile
            self.admin = admin
        }
    }

    package let controller: Controller
    package let server: DiscoveryServer
    private let limiter: LimiterServer?
    private let runCounters: (@Sendable () async -> Void)?
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
        let supervisor = envoy
        runCounters = configuration.limiter.own?.run
        let limits: Controller.Limits
        (limits, limiter) = try Self.limits(configuration.limiter, socket: supervisor?.limiterSocket, logger: logger)
        server = DiscoveryServer(configuration: discovery, services: [limits.elsewhere.service], logger: logger)
        controller = Controller(
            client: client, server: server, limits: limits, configuration: configuration.controller, logger: logger)
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

    /// - Parameter socket: of the local Envoy, if there is one.
    private static func limits(
        _ place: LimiterPlace, socket: String?, logger: Logger
    ) throws -> (Controller.Limits, LimiterServer?) {
        var settings = place.settings
        let elsewhere = LimitSetPublisher(logger: logger)
        guard let own = place.own, let address = own.address ?? socket.map({ .unixSocket(path: $0) }) else {
            return (Controller.Limits(settings: settings, own: nil, elsewhere: elsewhere), nil)
        }
        if settings.address == nil, case .unixSocket(let path) = address {
            settings.address = .unixSocket(path: path)
        }
        let holder = LimitSetHolder(
            limiter: RateLimiter(counters: own.counters, logger: logger), patience: settings.timeout / 2,
            logger: logger)
        let server = try LimiterServer(address: address, tls: own.tls, sets: holder, logger: logger)
        return (Controller.Limits(settings: settings, own: holder, elsewhere: elsewhere), server)
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
        // The first parts stop last: Envoy asks for limits as long as it drains.
        if let limiter {
            parts.insert(
                Part {
                    try await limiter.run()
                } onShutdown: {
                    limiter.beginGracefulShutdown()
                }, at: 0)
        }
        if let runCounters {
            parts.insert(Part { await cancelWhenGracefulShutdown { await runCounters() } }, at: 0)
        }
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
