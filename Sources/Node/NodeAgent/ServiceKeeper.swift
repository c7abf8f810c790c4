import KubernetesModel
import KubernetesStore
import Logging
import NetTypes
import Netlink
import ServiceRules
import Synchronization
import Telemetry

/// Feeds the Service rules of the node and watches over them.
final class ServiceKeeper: Sendable {
    let programmer: ServiceProgrammer
    private let drift: DriftGuard
    private let nodeName: String
    private let nodePortRanges: [IPPrefix]
    private let serviceRanges: [IPPrefix]
    private let events: EventRecorder
    private let logger: Logger
    /// Why the kernel does not have what it should; `nil` once it has.
    private let trouble = Mutex<String?>("the Services have not been listed yet")
    private let retries: AsyncStream<Void>
    private let retryBell: AsyncStream<Void>.Continuation
    private let isFirst = Mutex(true)

    init(_ agent: NodeAgent, events: EventRecorder) async throws {
        let configuration = agent.configuration
        programmer = try ServiceProgrammer(.init(nodeName: configuration.nodeName), logger: agent.logger)
        try await programmer.start()
        drift = try await DriftGuard(programmer, logger: agent.logger)
        nodeName = configuration.nodeName
        nodePortRanges = configuration.nodePortRanges
        serviceRanges = configuration.serviceRanges
        self.events = events
        logger = agent.logger
        (retries, retryBell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var readiness: Readiness { trouble.withLock { $0 }.map(Readiness.notReady) ?? .ready }

    /// Runs until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.drift.run { await self.told($0) } }
            group.addTask { await self.retry() }
        }
    }

    /// - Parameter known: all Nodes, `news` included: some of them were told before there were Services.
    func take(_ news: ClusterNews, _ known: NodeDirectory) async {
        var changes = news.changes
        let isFirst = isFirst.withLock { first in
            defer { first = false }
            return first
        }
        if isFirst {
            changes.insert(contentsOf: known.nodes.map { .node(name: $0.key, $0.value) }, at: 0)
            changes.insert(.serviceRanges(serviceRanges), at: 0)
            if !nodePortRanges.isEmpty { changes.insert(.nodePortAddresses(ownAddresses()), at: 0) }
        }
        await apply(changes)
    }

    private func apply(_ changes: [ClusterChange]) async {
        do {
            let report = try await programmer.apply(changes)
            for problem in report.newProblems { told(problem) }
            trouble.withLock { $0 = nil }
            programmer.health.proxyIs(healthy: true)
        } catch {
            logger.error("Service rules could not be programmed; trying again", metadata: ["error": "\(error)"])
            trouble.withLock { $0 = "\(error)" }
            programmer.health.proxyIs(healthy: false)
            retryBell.yield()
        }
    }

    /// A second after a failure everything is looked at again.
    private func retry() async {
        for await _ in retries {
            // Cancelled: the stream ends too.
            try? await Task.sleep(for: .seconds(1))
            if !Task.isCancelled { await apply([]) }
        }
    }

    private func ownAddresses() -> [IPAddress] {
        do {
            let all = try RouteSocket().addresses().map(\.address)
            return all.filter { address in nodePortRanges.contains { $0.contains(address) } }
        } catch {
            logger.error(
                "this node's addresses cannot be read: NodePorts answer nowhere", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func told(_ problem: ServiceProblem) {
        let object = ObjectReference(
            apiVersion: "v1", kind: "Service", namespace: problem.service.namespace, name: problem.service.name)
        events.record(
            Occurrence(
                object: object, severity: .warning, reason: "InvalidService", action: "Program",
                message: "\(problem.field): \(problem.message)"))
    }

    private func told(_ drift: ServiceDrift) async {
        events.record(
            Occurrence(
                object: ObjectReference(kind: "Node", name: nodeName), severity: .warning, reason: "RulesChanged",
                action: "Repair", message: "\(drift)"))
    }
}
