import DiscoveryProtocol
package import DiscoveryServer
package import EnvoyTranslation
import Foundation
package import KubernetesClient
import KubernetesModel
import KubernetesStore
package import Logging
import Metrics
package import RateLimitService
import RateLimiter
import ServiceLifecycle
package import Telemetry
import TrafficCompiler
import TrafficPlan

/// From the objects of a cluster to the proxies, and back to the objects' status.
package final class Controller: Sendable {
    /// How often time alone is looked at: a certificate that expires changes no object.
    private static let clockTick: Duration = .seconds(60)

    /// Who counts, here and elsewhere.
    package struct Limits: Sendable {
        package var settings: LimiterSettings
        package var own: LimitSetHolder?
        package var elsewhere: LimitSetPublisher

        package init(settings: LimiterSettings, own: LimitSetHolder?, elsewhere: LimitSetPublisher) {
            self.settings = settings
            self.own = own
            self.elsewhere = elsewhere
        }
    }

    package let plane: ControlPlane
    let limits: Limits
    private let queue: ChangeQueue
    private let watch: SourceWatch
    private let server: DiscoveryServer
    private let status: IngressStatusWriter
    private let policyStatus: PolicyStatusWriter
    private let events: TroubleEvents
    /// By kind.
    private let policyEvents: [String: TroubleEvents]
    private let recorder: EventRecorder
    private let election: LeaderElection
    private let logger: Logger
    private let batchDuration = Timer(label: "fairway_compile_duration_seconds")
    private let batchSize = Recorder(label: "fairway_compile_batch_changes")

    package init(
        client: KubernetesClient, server: DiscoveryServer, limits: Limits, configuration: ControllerConfiguration,
        logger: Logger
    ) {
        self.server = server
        self.limits = limits
        self.logger = logger
        var settings = CompilerSettings(
            listeners: configuration.listeners, defaultCertificate: configuration.defaultCertificate)
        settings.controllerName = ControllerConfiguration.controllerName
        settings.operatorNamespaces = configuration.operatorNamespaces
        plane = ControlPlane(
            compiler: TrafficCompiler(settings: settings),
            translator: Translator(settings: TranslationSettings(limiter: limits.settings)),
            limits: LimitDelivery(own: limits.own, elsewhere: limits.elsewhere)
        ) { change in server.publish(change) }
        queue = ChangeQueue(waitingFor: SourceWatch.kinds)
        status = IngressStatusWriter(client: client, points: configuration.publishedAddresses, logger: logger)
        recorder = EventRecorder(
            client: client, component: ControllerConfiguration.controllerName, instance: configuration.identity,
            logger: logger)
        events = TroubleEvents(Ingress.resource, recorder: recorder)
        policyEvents = [RateLimitPolicy.resource, ClientPolicy.resource].reduce(into: [:]) { [recorder] in
            $0[$1.kind] = TroubleEvents($1, recorder: recorder)
        }
        policyStatus = PolicyStatusWriter(
            client: client, controllerName: ControllerConfiguration.controllerName, logger: logger)
        election = LeaderElection(
            client: client,
            lease: ObjectName(namespace: configuration.leaseNamespace, name: "fairway-controller"),
            identity: configuration.identity, logger: logger)
        watch = SourceWatch(
            client: client, queue: queue,
            observer: { [status] name, ingress in status.update { $0.observed(name, ingress) } },
            policyObserver: { [policyStatus] name, policy in policyStatus.update { $0.observed(name, policy) } },
            logger: logger)
    }

    /// Runs until cancelled or shut down.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await self.work()
            } catch {
                // What is interrupted complains in many ways.
                guard Task.isCancelled else { throw error }
            }
        }
    }

    private func work() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watch.run() }
            group.addTask { await self.control() }
            group.addTask { try await self.followTheClock() }
            group.addTask { await self.status.run() }
            group.addTask { await self.policyStatus.run() }
            group.addTask { try await self.recorder.run() }
            group.addTask { await self.followFleet() }
            group.addTask { await self.limitEvents.run() }
            group.addTask {
                try await self.election.run { isLeader in
                    self.status.update { $0.leadershipChanged(isLeader) }
                    self.policyStatus.update { $0.leadershipChanged(isLeader) }
                    self.events.leadershipChanged(isLeader)
                    for events in self.policyEvents.values { events.leadershipChanged(isLeader) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// The loop that everything passes through.
    private func control() async {
        var isFirst = true
        while let changes = await queue.next() {
            let start = ContinuousClock.now
            let step = await plane.apply(changes, now: Self.now)
            if isFirst {
                server.markSynced()
                logger.notice("synced with the cluster", metadata: ["objects": "\(changes.count)"])
            }
            isFirst = false
            take(step)
            batchSize.record(changes.count)
            batchDuration.record(duration: ContinuousClock.now - start)
        }
    }

    private func followTheClock() async throws {
        while true {
            try await Task.sleep(for: Self.clockTick)
            queue.tick()
        }
    }

    private func take(_ step: ControlPlane.Step) {
        status.update { machine in
            for (name, report) in step.reports {
                if report?.accepted == true {
                    machine.accepted(name, in: step.generation.number)
                } else {
                    machine.released(name)
                }
            }
        }
        for (name, report) in step.reports { events.reported(name, uid: report?.uid, report?.diagnostics) }
        if let kept = step.kept { events.kept(kept) }
        takePolicies(of: step)
        for problem in step.problems {
            logger.warning("kept from the proxies", metadata: ["problem": "\(problem)"])
        }
    }

    private func takePolicies(of step: ControlPlane.Step) {
        policyStatus.update { machine in
            for (name, report) in step.policies { machine.reported(name, report, in: step.generation.number) }
            guard let kept = step.keptPolicies else { return }
            machine.kept(kept.mapValues { $0.map(\.message).joined(separator: "; ") })
        }
        for (name, report) in step.policies {
            policyEvents[name.kind]?.reported(name.name, uid: report?.uid, report?.diagnostics)
        }
        guard let kept = step.keptPolicies else { return }
        for (kind, events) in policyEvents { events.kept(kept.of(kind)) }
    }

    /// Acknowledgements open the way for status; refusals go to the objects that caused them.
    private func followFleet() async {
        var known: [Rejection] = []
        for await fleet in server.statuses() {
            if let applied = fleet.proxies.map(\.applied).max() {
                status.update { $0.applied(applied.number) }
                let holders = fleet.count(holding: applied)
                policyStatus.update { $0.applied(applied.number, by: holders) }
            }
            guard fleet.rejections != known else { continue }
            known = fleet.rejections
            var refusals: [ObjectName: [Rejection]] = [:]
            var refusedPolicies: [PolicyName: [Rejection]] = [:]
            for rejection in known {
                for name in await plane.ingresses(affectedBy: rejection.origins) {
                    refusals[name, default: []].append(rejection)
                }
                for name in await plane.policies(named: rejection.origins) {
                    refusedPolicies[name, default: []].append(rejection)
                }
            }
            events.refused(refusals)
            for (kind, events) in policyEvents { events.refused(refusedPolicies.of(kind)) }
            let words = refusedPolicies.mapValues { $0.map(\.message).joined(separator: "; ") }
            policyStatus.update { $0.refused(words) }
        }
    }

    private var limitEvents: LimitEvents {
        LimitEvents(recorder: recorder, own: limits.own?.limiter, elsewhere: limits.elsewhere) { [plane] name in
            await plane.uid(of: PolicyName(kind: RateLimitPolicy.resource.kind, name: name))
        }
    }

    private static var now: Timestamp {
        Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
    }
}

extension Controller {
    /// For `/readyz`: all kinds have been listed.
    package var storesReadiness: ReadinessCheck {
        ReadinessCheck(name: "stores") { [queue] in
            let missing = queue.unsynced.sorted { $0.key < $1.key }
                .map { kind, reason in reason.isEmpty ? kind : "\(kind) (\(reason))" }
            return missing.isEmpty ? .ready : .notReady("no list yet of \(missing.joined(separator: ", "))")
        }
    }

    /// For `/readyz`: each connected proxy, at least one, holds the current plan.
    package var proxiesReadiness: ReadinessCheck {
        ReadinessCheck(name: "proxies") { [server] in
            let fleet = server.fleet
            if fleet.isCurrent { return .ready }
            if fleet.proxies.isEmpty { return .notReady("no proxy is connected") }
            if !fleet.isSynced { return .notReady("they hold what they had, until the stores are complete") }
            let holding = fleet.count(holding: fleet.generation)
            return .notReady("\(holding) of \(fleet.proxies.count) proxies hold plan \(fleet.generation)")
        }
    }
}

extension Dictionary where Key == PolicyName {
    fileprivate func of(_ kind: String) -> [ObjectName: Value] {
        reduce(into: [:]) { if $1.key.kind == kind { $0[$1.key.name] = $1.value } }
    }
}
