import DiscoveryProtocol
import Testing

@Suite struct OrderTests {
    @Test func `a new proxy gets clusters, endpoints, listeners and routes in this order`() {
        var world = Harness()
        let generation = world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        #expect(world.sent(to: "p") == ["cds a b", "lds http", "eds a b", "rds web"])
        #expect(world.envoy("p").violations.isEmpty)
        #expect(world.envoy("p").tables["web"]?.count == 2)
        #expect(world.applied("p") == generation)
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `nothing is served before the wanted set is complete`() {
        var world = Harness(synced: false)
        world.publish(basicSet(["a"]))
        world.connect("p")
        world.settle()
        #expect(world.sent(to: "p").isEmpty)
        world.fleet.markSynced()
        world.settle()
        #expect(world.envoy("p").tables["web"]?.count == 1)
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `an empty set is answered, because Envoy waits for it`() {
        var world = Harness()
        world.connect("p")
        world.settle()
        #expect(world.sent(to: "p") == ["cds ", "lds "])
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `equal content is not sent again`() {
        var world = Harness()
        world.publish(basicSet(["a"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        world.publish(basicSet(["a"]))
        world.settle()
        #expect(world.sent(to: "p").isEmpty)
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `a change of endpoints touches nothing else`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        world.publish(upserts: [Sample.endpoints("b", "2")])
        world.settle()
        #expect(world.sent(to: "p") == ["eds b"])
    }

    @Test func `a route to a new cluster waits until the cluster is warm, its neighbours do not`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        world.publish(
            upserts: [Sample.cluster("c"), Sample.endpoints("c")],
            parts: [
                "a.example": Sample.part("a.example", "2", to: "c"),
                "b.example": Sample.part("b.example", "2", to: "b"),
            ])
        #expect(world.sent(to: "p") == ["cds c", "rds web"])
        world.settle()
        #expect(world.sent(to: "p") == ["eds c", "rds web"])
        #expect(world.envoy("p").tables["web"]?["a.example"]?.references == ["cds/c"])
        #expect(world.envoy("p").violations.isEmpty)
    }

    @Test func `a cluster goes after the routes to it are gone, and a grace period`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        let generation = world.publish(
            parts: ["a.example": Sample.part("a.example", "2", to: "b")],
            removals: [.cluster("a"), ResourceName(.clusterLoadAssignment, "a")])
        world.settle()
        #expect(world.sent(to: "p") == ["rds web"])
        #expect(world.applied("p") == generation, "a removal that is still due is no reason to be behind")
        world.advance(.seconds(4))
        #expect(world.sent(to: "p").isEmpty)
        world.advance(.seconds(1))
        world.settle()
        #expect(world.sent(to: "p").first == "cds -a")
        #expect(world.envoy("p").clusters["a"] == nil)
        #expect(world.envoy("p").violations.isEmpty)
    }

    @Test func `a cluster that is wanted again within its grace period stays untouched`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        world.publish(
            parts: ["a.example": nil], removals: [.cluster("a"), ResourceName(.clusterLoadAssignment, "a")])
        world.settle()
        _ = world.sent(to: "p")
        world.publish(
            upserts: [Sample.cluster("a"), Sample.endpoints("a")],
            parts: ["a.example": Sample.part("a.example", to: "a")])
        world.settle()
        world.advance(.seconds(10))
        world.settle()
        #expect(world.sent(to: "p") == ["rds web"])
    }

    @Test func `a changed cluster gets its endpoints again, or it would stay cold`() {
        var world = Harness()
        world.publish(basicSet(["a"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        world.publish(upserts: [Sample.cluster("a", "2")])
        world.settle()
        #expect(world.sent(to: "p") == ["cds a", "eds a"])
        #expect(world.envoy("p").warming.isEmpty)
        #expect(world.envoy("p").clusters["a"]?.revision == "2")
    }

    @Test func `what comes while a proxy works on a table is merged into one table`() {
        var world = Harness()
        world.publish(basicSet(["a"]))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        for revision in 2...20 {
            world.publish(parts: ["a.example": Sample.part("a.example", "\(revision)", to: "a")])
        }
        world.settle()
        #expect(world.sent(to: "p") == ["rds web", "rds web"])
        #expect(world.envoy("p").tables["web"]?["a.example"]?.revision == "20")
    }

    @Test func `a stale nonce acknowledges nothing`() {
        var fleet = FleetDiscovery()
        fleet.markSynced()
        _ = fleet.publish(basicSet(["a"]))
        let id = fleet.connected(at: .zero)
        _ = fleet.received(DeltaRequest(.cluster, node: NodeIdentity(id: "p")), from: id)
        #expect(fleet.next(now: .zero).responses.count == 1)
        #expect(fleet.received(DeltaRequest(.cluster, nonce: "99"), from: id) == nil)
        #expect(fleet.received(DeltaRequest(.cluster, nonce: "99", refusal: "no"), from: id) == nil)
        _ = fleet.publish(ResourceChange(upserts: [Sample.cluster("b")]))
        #expect(fleet.next(now: .zero).responses.isEmpty)
        #expect(fleet.received(DeltaRequest(.cluster, nonce: "1"), from: id) == .acknowledged)
        #expect(fleet.next(now: .zero).responses.count == 1)
    }

    @Test func `a listener with its own cluster waits for it`() {
        var world = Harness()
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        let listener = Sample.resource(ResourceName(.listener, "tcp"), "1", [.cluster("db")])
        world.publish(upserts: [listener, Sample.cluster("db"), Sample.endpoints("db")])
        #expect(world.sent(to: "p") == ["cds db"])
        world.settle()
        #expect(world.sent(to: "p") == ["eds db", "lds tcp"])
    }
}
