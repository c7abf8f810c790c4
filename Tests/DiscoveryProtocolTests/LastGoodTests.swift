import DiscoveryProtocol
import TestSupport
import Testing

@Suite struct LastGoodTests {
    private func roundTrip(_ world: Harness) throws -> ResourceChange {
        try LastGoodFile.decode(LastGoodFile.encode(world.fleet.served.lastGoodSet))
    }

    @Test func `what was accepted survives a restart during a fault`() throws {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        world.publish(parts: ["a.example": Sample.part("a.example", "bad", to: "a")])
        world.settle()

        var restarted = Harness(synced: false, lastGood: try roundTrip(world))
        restarted.connect("q")
        restarted.settle()
        #expect(restarted.envoy("q").tables["web"]?.mapValues(\.revision) == ["a.example": "1", "b.example": "1"])
        #expect(!restarted.fleet.status.isCurrent)

        restarted.publish(basicSet(["b"]))
        restarted.publish(
            upserts: [Sample.cluster("a"), Sample.endpoints("a")],
            parts: [
                "a.example": Sample.part("a.example", "bad", to: "a"),
                "b.example": Sample.part("b.example", "2", to: "b"),
            ])
        restarted.fleet.markSynced()
        restarted.settle()
        #expect(restarted.envoy("q").tables["web"]?.mapValues(\.revision) == ["a.example": "1", "b.example": "2"])
        #expect(restarted.fleet.status.rejections.map(\.part) == ["a.example"])
        #expect(restarted.fleet.status.isCurrent)
    }

    @Test func `what nothing wants after a restart goes`() throws {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        var restarted = Harness(synced: false, lastGood: try roundTrip(world))
        restarted.connect("q")
        restarted.settle()
        restarted.publish(basicSet(["b"]))
        restarted.fleet.markSynced()
        restarted.settle()
        restarted.advance(.seconds(6))
        restarted.advance(.seconds(6))
        restarted.settle()
        #expect(restarted.envoy("q").clusters.keys.sorted() == ["b"])
        #expect(restarted.envoy("q").tables["web"]?.keys.sorted() == ["b.example"])
        #expect(restarted.envoy("q").violations.isEmpty)
    }

    @Test func `a form that no proxy accepted is not kept`() {
        var world = Harness()
        world.publish(basicSet(["a"]))
        #expect(world.fleet.served.lastGoodSet.isEmpty)
        world.connect("p")
        world.settle()
        #expect(world.fleet.served.lastGoodSet.count == 4)
        world.publish(parts: ["a.example": Sample.part("a.example", "2", to: "a")])
        let parts = world.fleet.served.lastGoodSet.first { !$0.parts.isEmpty }?.parts
        #expect(parts?["a.example"]?.bytes == Sample.part("a.example", to: "a").bytes)
    }

    @Test func `no damaged file is believed, and none crashes`() throws {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        let bytes = LastGoodFile.encode(world.fleet.served.lastGoodSet)
        #expect(throws: Never.self) { try LastGoodFile.decode(bytes) }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            var damaged = bytes
            switch Int.random(in: 0..<3, using: &random) {
            case 0: damaged.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1: damaged[Int.random(in: bytes.indices, using: &random)] ^= 0x55
            default: damaged.append(UInt8.random(in: 0...255, using: &random))
            }
            #expect(throws: LastGoodFile.Flaw.self) { try LastGoodFile.decode(damaged) }
        }
    }
}
