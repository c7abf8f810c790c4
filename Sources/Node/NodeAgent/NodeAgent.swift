import Foundation
package import KubernetesClient
import KubernetesModel
import KubernetesStore
package import Logging
import NetTypes
import Netlink
import PodNetwork
import ServiceLifecycle
import ServiceRules
import Synchronization
package import Telemetry

/// One node's agent: pods, their policy, Services and the routes between nodes, in this order, in one process.
///
/// What it puts into the kernel stays there when it ends, however it ends: traffic goes on, and the next one takes over.
package final class NodeAgent: ServiceLifecycle.Service {
    let configuration: NodeAgentConfiguration
    let logger: Logger
    private let registry: PrometheusRegistry
    private let feed: ClusterFeed
    private let events: EventRecorder
    let directory: Mutex<NodeDirectory>
    private let sayReady: @Sendable () -> Void

    /// - Parameter sayReady: called once, when the node can have pods and its rules are those of the cluster.
    package init(
        configuration: NodeAgentConfiguration, client: KubernetesClient, registry: PrometheusRegistry, logger: Logger,
        sayReady: @escaping @Sendable () -> Void = {}
    ) {
        self.configuration = configuration
        self.registry = registry
        self.logger = logger
        self.sayReady = sayReady
        feed = ClusterFeed(client: client, logger: logger)
        events = EventRecorder(
            client: client, component: "fairway.dev/node-agent", instance: configuration.nodeName, logger: logger)
        directory = Mutex(NodeDirectory(ownName: configuration.nodeName))
    }

    /// Runs until cancelled or gracefully shut down.
    package func run() async throws {
        let parts = try await start()
        do {
            try await cancelWhenGracefulShutdown { try await self.serve(parts) }
        } catch is CancellationError {
            logger.notice("the agent ends; the node's rules, routes and pods stay as they are")
        }
    }

    // MARK: - Starting

    /// What does the work, in the order in which it was started.
    struct Parts: Sendable {
        var services: ServiceKeeper?
        var pods: PodNetworkAgent
        var runtime: RuntimeDoor
        var routes: NodeRoutes
    }

    private func start() async throws -> Parts {
        try FileManager.default.createDirectory(
            atPath: configuration.stateDirectory, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        // The policy maps come before the pods that must be in them.
        let services = configuration.handlesServices ? try await ServiceKeeper(self, events: events) : nil
        let pods = try PodNetworkAgent(
            PodNetworkAgent.Settings(
                stateDirectory: configuration.stateDirectory, mtu: configuration.mtu,
                admission: services.map { PolicyAdmission(services: $0.programmer) }), log: logger)
        try await pods.start()
        let name = configuration.nodeName
        let routes = try NodeRoutes(
            NodeRoutes.Settings(nodeName: name, clusterRanges: configuration.clusterRanges), logger: logger
        ) { [events] repair in
            events.record(
                Occurrence(
                    object: ObjectReference(kind: "Node", name: name), severity: .warning, reason: "RoutesChanged",
                    action: "Repair",
                    message:
                        "\(repair.object) \(repair.subject) was changed by \(repair.culprit ?? "somebody"); it is as before"
                ))
        }
        return Parts(
            services: services, pods: pods, runtime: RuntimeDoor(configuration, pods: pods, logger: logger),
            routes: routes)
    }

    // MARK: - Serving

    private func serve(_ parts: Parts) async throws {
        let admin = AdminServer(
            configuration: configuration.admin, registry: registry, checks: checks(parts),
            endpoints: NodeAdmin(agent: self, parts: parts).endpoints, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await admin.run() }
            group.addTask { await parts.pods.run() }
            group.addTask { try await PodRouteGuard(pods: parts.pods).run() }
            group.addTask { try await parts.runtime.run() }
            group.addTask { try await parts.routes.run() }
            if let services = parts.services { group.addTask { await services.run() } }
            group.addTask { try await self.events.run() }
            group.addTask { try await self.feed.run { news in await self.take(news, parts) } }
            group.addTask { try await self.announceReadiness(parts) }
            defer { group.cancelAll() }
            try await group.next()
        }
        try Task.checkCancellation()
    }

    private func take(_ news: ClusterNews, _ parts: Parts) async {
        for object in news.unreadable {
            logger.warning(
                "an object cannot be read; its last readable form stays in force",
                metadata: [
                    "object": "\(object.kind) \(object.name.map(\.description) ?? "without a name")",
                    "reason": "\(object.reason)",
                ])
        }
        let known = directory.withLock { directory in
            directory.absorb(news)
            return directory
        }
        parts.pods.setObstacle(known.isComplete && parts.pods.pools.isEmpty ? known.obstacle : nil, subject: "node")
        // A range that is taken away again takes no pod's address, nor does a Node object that is gone.
        if !known.ownPodRanges.isEmpty { parts.pods.setPools(known.ownPodRanges) }
        if let services = parts.services, news.isComplete { await services.take(news, known) }
        guard known.isComplete else { return }
        await parts.routes.setNodes(known.nodes.values.map { NodePlace($0) })
        // Links of pods that come now; those that are there keep theirs.
        if configuration.mtu == 0, let mtu = await parts.routes.present.podMTU { parts.pods.setMTU(Int(mtu)) }
    }

    // MARK: - Readiness

    private func checks(_ parts: Parts) -> [ReadinessCheck] {
        var checks = [
            ReadinessCheck(name: "pods") { parts.pods.obstacle.map(Readiness.notReady) ?? .ready },
            ReadinessCheck(name: "routes") { await parts.routes.obstacle.map(Readiness.notReady) ?? .ready },
        ]
        if let services = parts.services {
            checks.append(ReadinessCheck(name: "services") { services.readiness })
        }
        return checks
    }

    private func announceReadiness(_ parts: Parts) async throws {
        let checks = checks(parts)
        var told: String?
        while true {
            var reasons: [String] = []
            for check in checks {
                if case .notReady(let reason) = await check.check() { reasons.append("\(check.name): \(reason)") }
            }
            if reasons.isEmpty { break }
            let text = reasons.joined(separator: "; ")
            // In the first moments there is always something that is not there yet.
            if told != nil, text != told { logger.info("waiting", metadata: ["for": "\(text)"]) }
            told = text
            try await Task.sleep(for: .milliseconds(50))
        }
        sayReady()
        // Only the end of another part ends the agent.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
