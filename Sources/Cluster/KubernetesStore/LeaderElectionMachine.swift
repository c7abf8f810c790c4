package import KubernetesModel

/// Who leads, decided from what the Lease says, as client-go does: another's lease counts as expired only when it has
/// not changed for its whole duration **by our own clock**, so that skewed wall clocks cannot make two leaders; and we
/// stop leading when we could not renew for `renewDeadline`, which is before anybody else may take over.
///
/// Instants are durations on a monotonic clock.
package struct LeaderElectionMachine: Sendable {
    package struct Timing: Sendable {
        package var leaseDuration: Duration = .seconds(15)
        package var renewDeadline: Duration = .seconds(10)
        package var retryPeriod: Duration = .seconds(2)

        package init() {}
    }

    package enum Action: Equatable, Sendable {
        case create(Lease.Spec)
        /// Write these fields over the lease that was read, if it is still that one.
        case replace(Lease)
        case wait(Duration)
    }

    package let identity: String
    package let timing: Timing
    private var observed: (spec: Lease.Spec?, at: Duration)?
    private var renewedAt: Duration?

    package init(identity: String, timing: Timing = Timing()) {
        self.identity = identity
        self.timing = timing
    }

    package func isLeader(now: Duration) -> Bool {
        guard let renewedAt else { return false }
        return now - renewedAt < timing.renewDeadline
    }

    /// When leadership ends unless it is renewed.
    package var leadsUntil: Duration? { renewedAt.map { $0 + timing.renewDeadline } }

    /// Nobody holds the lease: there is none.
    package mutating func missing(time: MicroTime) -> Action {
        .create(spec(acquired: time, renewed: time, transitions: 0))
    }

    package mutating func read(_ lease: Lease, now: Duration, time: MicroTime) -> Action {
        let spec = lease.spec ?? Lease.Spec()
        if observed == nil || observed?.spec != lease.spec { observed = (lease.spec, now) }
        let holder = spec.holderIdentity ?? ""
        var lease = lease
        if holder == identity {
            // Ours, perhaps from before a restart under the same name.
            lease.spec = self.spec(
                acquired: spec.acquireTime ?? time, renewed: time, transitions: spec.leaseTransitions ?? 0)
            return .replace(lease)
        }
        let duration = spec.leaseDurationSeconds.map { Duration.seconds(max(1, $0)) } ?? timing.leaseDuration
        guard holder.isEmpty || now - (observed?.at ?? now) >= duration else {
            renewedAt = nil
            return .wait(timing.retryPeriod)
        }
        lease.spec = self.spec(acquired: time, renewed: time, transitions: (spec.leaseTransitions ?? 0) + 1)
        return .replace(lease)
    }

    /// Our write was accepted; `sentAt` is when it was sent, which is the earliest it can have taken effect.
    package mutating func wrote(_ lease: Lease, sentAt: Duration) -> Action {
        observed = (lease.spec, sentAt)
        renewedAt = sentAt
        return .wait(timing.retryPeriod)
    }

    /// A read or a write failed, by conflict or otherwise. We lead on until the deadline.
    package mutating func failed(now: Duration) -> Action {
        if !isLeader(now: now) { renewedAt = nil }
        return .wait(timing.retryPeriod)
    }

    /// The lease as to be left behind, so that another takes over at once; `nil` where it is not ours to give.
    package func released(_ lease: Lease, time: MicroTime) -> Lease? {
        guard lease.spec?.holderIdentity == identity else { return nil }
        var lease = lease
        lease.spec = Lease.Spec(
            // Absent: the server refuses an empty one.
            holderIdentity: nil, leaseDurationSeconds: 1, acquireTime: time, renewTime: time,
            leaseTransitions: lease.spec?.leaseTransitions)
        return lease
    }

    private func spec(acquired: MicroTime, renewed: MicroTime, transitions: Int32) -> Lease.Spec {
        Lease.Spec(
            holderIdentity: identity, leaseDurationSeconds: Int32(timing.leaseDuration.components.seconds),
            acquireTime: acquired, renewTime: renewed, leaseTransitions: transitions)
    }
}
