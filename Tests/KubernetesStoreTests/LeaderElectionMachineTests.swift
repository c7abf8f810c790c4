import KubernetesModel
import KubernetesStore
import TestSupport
import Testing

@Suite struct LeaderElectionMachineTests {
    static let start = MicroTime(microsecondsSinceEpoch: 1_000_000)

    private static func lease(holder: String, renewed: Int64 = 1, transitions: Int32 = 0) -> Lease {
        Lease(
            metadata: ObjectMeta(name: "l", namespace: "n"),
            spec: Lease.Spec(
                holderIdentity: holder, leaseDurationSeconds: 15,
                renewTime: MicroTime(microsecondsSinceEpoch: renewed), leaseTransitions: transitions))
    }

    @Test func `takes a lease that does not exist`() throws {
        var machine = LeaderElectionMachine(identity: "a")
        guard case .create(let spec) = machine.missing(time: Self.start) else { throw Missing() }
        #expect(spec.holderIdentity == "a" && spec.leaseDurationSeconds == 15 && spec.renewTime == Self.start)
        #expect(!machine.isLeader(now: .zero))
        #expect(machine.wrote(Self.lease(holder: "a"), sentAt: .zero) == .wait(.seconds(2)))
        #expect(machine.isLeader(now: .seconds(9)))
    }

    @Test func `another's lease is respected until it has not changed for its whole duration by our clock`() throws {
        var machine = LeaderElectionMachine(identity: "b")
        // Its renewTime lies decades back: clocks of others are not trusted.
        let lease = Self.lease(holder: "a", transitions: 4)
        #expect(machine.read(lease, now: .zero, time: Self.start) == .wait(.seconds(2)))
        #expect(machine.read(lease, now: .seconds(14), time: Self.start) == .wait(.seconds(2)))
        let renewed = Self.lease(holder: "a", renewed: 2, transitions: 4)
        #expect(machine.read(renewed, now: .seconds(14), time: Self.start) == .wait(.seconds(2)))
        #expect(machine.read(renewed, now: .seconds(28), time: Self.start) == .wait(.seconds(2)))
        guard case .replace(let taken) = machine.read(renewed, now: .seconds(29), time: Self.start) else {
            throw Missing()
        }
        #expect(taken.spec?.holderIdentity == "b" && taken.spec?.leaseTransitions == 5)
    }

    @Test func `a lease that was given back is taken at once`() throws {
        var machine = LeaderElectionMachine(identity: "b")
        guard case .replace = machine.read(Self.lease(holder: ""), now: .zero, time: Self.start) else {
            throw Missing()
        }
    }

    @Test func `stops leading when it could not renew in time, before anybody else may lead`() throws {
        var machine = LeaderElectionMachine(identity: "a")
        _ = machine.missing(time: Self.start)
        _ = machine.wrote(Self.lease(holder: "a"), sentAt: .seconds(1))
        _ = machine.failed(now: .seconds(5))
        #expect(machine.isLeader(now: .seconds(10)))
        #expect(!machine.isLeader(now: .seconds(11)))
        #expect(machine.leadsUntil == .seconds(11))
    }

    @Test func `finds out that another leads`() throws {
        var machine = LeaderElectionMachine(identity: "a")
        _ = machine.wrote(Self.lease(holder: "a"), sentAt: .zero)
        #expect(machine.read(Self.lease(holder: "b"), now: .seconds(2), time: Self.start) == .wait(.seconds(2)))
        #expect(!machine.isLeader(now: .seconds(2)))
    }

    @Test func `gives back its own lease only`() {
        let machine = LeaderElectionMachine(identity: "a")
        #expect(machine.released(Self.lease(holder: "b"), time: Self.start) == nil)
        let left = machine.released(Self.lease(holder: "a", transitions: 3), time: Self.start)
        #expect(left?.spec != nil && left?.spec?.holderIdentity == nil && left?.spec?.leaseTransitions == 3)
    }

    /// Several machines against one lease with random pauses, lost answers and clock rates up to 5 % apart.
    @Test(arguments: 0..<40 as Range<UInt64>) func `there are never two leaders`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var machines = (0..<3).map { LeaderElectionMachine(identity: "m\($0)") }
        let rates = machines.map { _ in Double.random(in: 0.95...1.05, using: &random) }
        var stored: Lease?
        var terms = 0
        for tick in 0..<2000 {
            let real = Duration.milliseconds(tick * 250)
            let index = Int.random(in: 0..<machines.count, using: &random)
            let now = real * rates[index]
            if Int.random(in: 0..<60, using: &random) == 0 { machines[index] = .init(identity: "m\(index)") }
            if Int.random(in: 0..<4, using: &random) != 0 {
                let time = MicroTime(microsecondsSinceEpoch: Int64(tick))
                let before = stored?.spec?.holderIdentity
                Self.attempt(&machines[index], &stored, now, time, isAnswerLost: Bool.random(using: &random))
                if stored?.spec?.holderIdentity != before { terms += 1 }
            }
            let leaders = machines.indices.filter { machines[$0].isLeader(now: real * rates[$0]) }
            #expect(leaders.count <= 1, "tick \(tick): \(leaders)")
        }
        #expect(terms >= 1)
    }

    private static func attempt(
        _ machine: inout LeaderElectionMachine, _ stored: inout Lease?, _ now: Duration, _ time: MicroTime,
        isAnswerLost: Bool
    ) {
        let action = stored.map { machine.read($0, now: now, time: time) } ?? machine.missing(time: time)
        let written: Lease
        switch action {
        case .create(let spec): written = Lease(metadata: ObjectMeta(name: "l"), spec: spec)
        case .replace(let lease): written = lease
        case .wait: return
        }
        stored = written
        _ = isAnswerLost ? machine.failed(now: now) : machine.wrote(written, sentAt: now)
    }
}

private struct Missing: Error {}
