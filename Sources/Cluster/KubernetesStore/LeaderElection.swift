import Foundation
package import KubernetesClient
package import KubernetesModel
package import Logging
import Metrics
import Synchronization

/// Leader election by a Lease. Of several processes with the same lease name at most one leads.
package final class LeaderElection: Sendable {
    private let client: KubernetesClient
    private let lease: ObjectName
    private let logger: Logger
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private let machine: Mutex<LeaderElectionMachine>
    private let gauge: Gauge

    /// `identity` must be this process's alone: the pod's name, say.
    package init(
        client: KubernetesClient, lease: ObjectName, identity: String,
        timing: LeaderElectionMachine.Timing = LeaderElectionMachine.Timing(), logger: Logger
    ) {
        self.client = client
        self.lease = lease
        self.logger = logger
        machine = Mutex(LeaderElectionMachine(identity: identity, timing: timing))
        gauge = Gauge(label: "fairway_leader", dimensions: [("lease", "\(lease)")])
    }

    /// Whether this process leads at this moment. Ask again before each write.
    package var isLeader: Bool { machine.withLock { $0.isLeader(now: now) } }

    /// Runs until cancelled, then gives the lease back. `changed` is told each change of leadership and must return
    /// soon: the lease is not renewed meanwhile.
    package func run(_ changed: @Sendable (Bool) async -> Void) async throws {
        var wasLeader = false
        do {
            while true {
                try Task.checkCancellation()
                let pause = await attempt()
                if wasLeader != isLeader {
                    wasLeader.toggle()
                    await tell(wasLeader, changed)
                }
                // A leader that cannot renew stops at its deadline, not at the next attempt after it.
                let left = machine.withLock { $0.leadsUntil }.map { $0 - now }
                try await Task.sleep(for: wasLeader ? max(.zero, min(pause, left ?? pause)) : pause)
                if wasLeader, !isLeader {
                    wasLeader = false
                    await tell(false, changed)
                }
            }
        } catch {
            if wasLeader {
                await tell(false, changed)
                // A cancelled task can send nothing, so this one request has a task of its own, awaited here.
                await Task { await release() }.value
            }
            throw error
        }
    }

    private func tell(_ leads: Bool, _ changed: (Bool) async -> Void) async {
        logger.notice(leads ? "leading" : "no longer leading", metadata: ["lease": "\(lease)"])
        gauge.record(leads ? 1 : 0)
        await changed(leads)
    }

    /// One round: read the lease, and write it where it is ours or free. Returns the pause before the next.
    private func attempt() async -> Duration {
        let left = machine.withLock { machine in
            machine.leadsUntil.map { $0 - now }.flatMap { $0 > .zero ? $0 : nil } ?? machine.timing.renewDeadline
        }
        do {
            return try await within(left) { try await self.round() }
        } catch {
            logger.debug("lease not renewed", metadata: ["lease": "\(lease)", "error": "\(error)"])
            return machine.withLock { $0.failed(now: now) }.pause
        }
    }

    private func round() async throws(KubernetesError) -> Duration {
        var action: LeaderElectionMachine.Action
        do {
            let current = try await client.get(Lease.self, lease)
            action = machine.withLock { $0.read(current, now: now, time: time) }
        } catch  where error.isNotFound {
            action = machine.withLock { $0.missing(time: time) }
        }
        let sentAt = now
        let written: Lease
        switch action {
        case .create(let spec):
            written = try await client.create(
                Lease(metadata: ObjectMeta(name: lease.name, namespace: lease.namespace), spec: spec))
        case .replace(let lease):
            written = try await client.replace(lease)
        case .wait(let pause):
            return pause
        }
        action = machine.withLock { $0.wrote(written, sentAt: sentAt) }
        return action.pause
    }

    private func release() async {
        do {
            try await within(.seconds(2)) {
                let current = try await self.client.get(Lease.self, self.lease)
                let left = self.machine.withLock { $0.released(current, time: self.time) }
                if let left { _ = try await self.client.replace(left) }
            }
        } catch {
            logger.info("lease not given back; it expires by itself", metadata: ["error": "\(error)"])
        }
    }

    private func within<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await withDeadline(limit, body)
        } catch is DeadlineReached {
            throw KubernetesError(
                .timeout, operation: "renew", subject: "lease \(lease)", message: "no answer within \(limit)")
        }
    }

    private var now: Duration { clock.now - start }
    private var time: MicroTime { MicroTime(microsecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
}

extension LeaderElectionMachine.Action {
    fileprivate var pause: Duration { if case .wait(let pause) = self { pause } else { .zero } }
}
