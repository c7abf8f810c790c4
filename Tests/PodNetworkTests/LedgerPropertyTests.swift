import NetTypes
import TestSupport
import Testing

@testable import PodNetwork

/// Random lives of pods on a small pool: an ADD may be killed at any step, DELs come twice or never, the agent restarts,
/// pod CIDRs change. A model of the kernel (which links exist) says what must never happen.
@Suite struct LedgerPropertyTests {
    private struct World {
        var ledger = AddressLedger()
        var log: [UInt8] = []
        /// Links that exist, with the addresses they were given.
        var links: [AttachmentKey: [IPAddress]] = [:]

        mutating func record(_ event: LedgerEvent) {
            log += LedgerLogFormat.line(event.json)
            ledger.apply(event)
        }

        /// What the agent does at its start: replay, then give back everything whose link is gone, and undo what was half done.
        mutating func restart(tornBytes: Int) {
            let header = LedgerLogFormat.line(LedgerLogFormat.Header(boot: "b", node: "n").json)
            let content = LedgerLogFormat.read(header + log + Array("1f2e3d4c {\"event\":\"fre".utf8.prefix(tornBytes)))
            var replayed = AddressLedger()
            for event in content.events { replayed.apply(event) }
            #expect(replayed.all == ledger.all)
            #expect(replayed.pools == ledger.pools)
            ledger = replayed
            log = ledger.snapshot.flatMap { LedgerLogFormat.line($0.json) }
            for reservation in ledger.all where reservation.state != .attached || links[reservation.key] == nil {
                links[reservation.key] = nil
                record(.freed(reservation.key))
            }
        }

        func check() {
            let held = ledger.all.flatMap(\.addresses)
            #expect(Set(held).count == held.count, "an address is reserved twice")
            let onLinks = links.values.flatMap(\.self)
            #expect(Set(onLinks).count == onLinks.count, "two links have the same address")
            for (key, addresses) in links {
                #expect(ledger[key]?.addresses == addresses, "a link without a reservation")
            }
        }
    }

    @Test(arguments: [1, 2])
    func tenThousandStepsLeakNothingAndGiveNothingTwice(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var world = World()
        let pools = [
            [try prefix("10.0.0.0/27"), try prefix("fd00::/123")],
            [try prefix("10.7.0.0/26"), try prefix("fd00::/122")],
        ]
        world.record(.pools(pools[0]))
        for step in 0..<10_000 {
            let container = "c\(Int.random(in: 0..<40, using: &random))"
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<9: add(container, killedAt: Int.random(in: 0..<12, using: &random), in: &world)
            case 9..<17: delete(container, reaps: Bool.random(using: &random), in: &world)
            case 17: world.links[key(container)] = nil  // The runtime destroyed the namespace.
            case 18: world.restart(tornBytes: Int.random(in: 0..<22, using: &random))
            default: if Int.random(in: 0..<40, using: &random) == 0 { world.record(.pools(pools[step % 2])) }
            }
            if step % 8 == 0 { world.check() }
        }
        for index in 0..<40 { delete("c\(index)", reaps: true, in: &world) }
        #expect(world.ledger.count == 0)
        #expect(world.links.isEmpty)
        world.check()
    }

    private func add(_ container: String, killedAt step: Int, in world: inout World) {
        var changed = world.ledger
        guard let reservation = try? changed.reserve(request(container)) else { return }
        guard step != 0 else { return }  // Killed before the log was written: the change is gone with the process.
        world.record(.reserved(reservation))
        if step > 1 { world.links[reservation.key] = reservation.addresses }
        guard step > 2 else { return world.restart(tornBytes: 0) }
        world.record(.attached(reservation.key))
    }

    private func delete(_ container: String, reaps: Bool, in world: inout World) {
        guard world.ledger[key(container)] != nil else { return }
        world.record(.releasing(key(container)))
        guard reaps else { return }
        world.links[key(container)] = nil
        world.record(.freed(key(container)))
    }
}
