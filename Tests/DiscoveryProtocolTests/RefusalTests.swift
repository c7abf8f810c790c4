import DiscoveryProtocol
import Testing

@Suite struct RefusalTests {
    private func world(_ clusters: [String] = ["a", "b", "c"]) -> Harness {
        var world = Harness()
        world.publish(basicSet(clusters))
        world.connect("p")
        world.settle()
        _ = world.sent(to: "p")
        return world
    }

    @Test func `one bad route part keeps its last form, its neighbours change`() throws {
        var world = world()
        let generation = world.publish(parts: [
            "a.example": Sample.part("a.example", "2", to: "a"),
            "b.example": Sample.part("b.example", "bad", to: "b"),
            "c.example": Sample.part("c.example", "2", to: "c"),
        ])
        world.settle()
        let table = try #require(world.envoy("p").tables["web"])
        #expect(table.mapValues(\.revision) == ["a.example": "2", "b.example": "1", "c.example": "2"])
        let rejection = try #require(world.fleet.status.rejections.first)
        #expect(rejection.part == "b.example")
        #expect(rejection.message == "cannot take b.example: not good")
        #expect(rejection.origins == [Sample.origin("b.example")])
        #expect(rejection.servesLastGood)
        #expect(world.applied("p") == generation)
    }

    @Test func `a new bad part is left out`() {
        var world = world()
        world.publish(parts: [
            "new.example": Sample.part("new.example", "bad", to: "b"),
            "c.example": Sample.part("c.example", "2", to: "c"),
        ])
        world.settle()
        #expect(world.envoy("p").tables["web"]?["new.example"] == nil)
        #expect(world.envoy("p").tables["web"]?["c.example"]?.revision == "2")
        #expect(world.fleet.status.rejections.map(\.servesLastGood) == [false])
    }

    @Test func `many culprits among many parts are all found, without words that name them`() {
        var world = world()
        var parts: [String: ResourcePart?] = [:]
        for index in 0..<64 {
            parts["h\(index)"] = Sample.part("x\(index)", index % 20 == 7 ? "bad" : "1", to: "a")
        }
        world.publish(parts: parts)
        world.settle()
        #expect(world.fleet.status.rejections.compactMap(\.part) == ["h27", "h47", "h7"])
        #expect(world.envoy("p").tables["web"]?.count == 3 + 61)
        #expect(world.envoy("p").refusals < 25)
    }

    @Test func `a corrected piece is tried again, and its rejection goes`() {
        var world = world()
        world.publish(parts: ["b.example": Sample.part("b.example", "bad", to: "b")])
        world.settle()
        #expect(world.fleet.status.rejections.count == 1)
        world.publish(parts: ["b.example": Sample.part("b.example", "3", to: "b")])
        world.settle()
        #expect(world.fleet.status.rejections.isEmpty)
        #expect(world.envoy("p").tables["web"]?["b.example"]?.revision == "3")
    }

    @Test func `the same bad content is not tried again`() {
        var world = world()
        let bad = ["b.example": Optional(Sample.part("b.example", "bad", to: "b"))]
        world.publish(parts: bad)
        world.settle()
        let refusals = world.envoy("p").refusals
        world.publish(parts: bad)
        world.settle()
        #expect(world.envoy("p").refusals == refusals)
    }

    @Test func `a second proxy is not poisoned with what the first refused`() {
        var world = world()
        world.publish(parts: ["b.example": Sample.part("b.example", "bad", to: "b")])
        world.settle()
        world.connect("q")
        world.settle()
        #expect(world.envoy("q").refusals == 0)
        #expect(world.envoy("q").tables["web"]?["b.example"]?.revision == "1")
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `another version of Envoy is asked anew, once the one that refused is gone`() {
        var world = world()
        world.publish(parts: ["b.example": Sample.part("b.example", "bad", to: "b")])
        world.settle()
        world.connect("q", version: "1.41.0")
        world.settle()
        #expect(world.envoy("q").refusals == 0)
        world.disconnect("p")
        world.connect("r", version: "1.42.0")
        world.settle()
        #expect(world.envoy("r").refusals + world.envoy("q").refusals > 0)
        #expect(world.fleet.status.rejections.count == 1)
    }

    @Test func `of refused clusters the good ones are applied and the bad one is named`() {
        var world = world()
        world.publish(upserts: [
            Sample.cluster("d"), Sample.endpoints("d"), Sample.cluster("e", "bad"), Sample.endpoints("e"),
            Sample.cluster("f"), Sample.endpoints("f"),
        ])
        world.settle()
        #expect(world.fleet.status.rejections.map(\.resource) == [.cluster("e")])
        #expect(Set(world.envoy("p").clusters.keys).isSuperset(of: ["d", "f"]))
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `a route that moves to a refused cluster stays where it was`() {
        var world = world()
        let generation = world.publish(
            upserts: [Sample.cluster("e", "bad"), Sample.endpoints("e")],
            parts: [
                "a.example": Sample.part("a.example", "2", to: "e"),
                "b.example": Sample.part("b.example", "2", to: "b"),
            ],
            removals: [.cluster("a"), ResourceName(.clusterLoadAssignment, "a")])
        world.settle()
        world.advance(.seconds(60))
        world.settle()
        #expect(world.envoy("p").tables["web"]?["a.example"]?.references == ["cds/a"])
        #expect(world.envoy("p").tables["web"]?["b.example"]?.revision == "2")
        #expect(world.envoy("p").violations.isEmpty)
        #expect(world.applied("p") == generation)
        world.publish(upserts: [Sample.cluster("e", "2")])
        world.settle()
        #expect(world.envoy("p").tables["web"]?["a.example"]?.references == ["cds/e"])
        #expect(world.envoy("p").violations.isEmpty)
    }

    @Test func `what a fallback refers to is kept, also for proxies that come later`() {
        var world = world()
        world.publish(
            upserts: [Sample.cluster("d"), Sample.endpoints("d")],
            parts: ["a.example": Sample.part("a.example", "bad", to: "d")],
            removals: [.cluster("a"), ResourceName(.clusterLoadAssignment, "a")])
        world.settle()
        world.advance(.seconds(60))
        world.settle()
        world.connect("q")
        world.settle()
        for proxy in ["p", "q"] {
            #expect(world.envoy(proxy).tables["web"]?["a.example"]?.references == ["cds/a"])
            #expect(world.envoy(proxy).clusters["a"] != nil)
            #expect(world.envoy(proxy).violations.isEmpty)
        }
        world.publish(parts: ["a.example": Sample.part("a.example", "3", to: "d")])
        world.settle()
        world.advance(.seconds(6))
        world.advance(.seconds(6))
        world.settle()
        #expect(world.envoy("p").clusters["a"] == nil)
        #expect(world.envoy("q").clusters["a"] == nil)
    }

    @Test func `a bad head of a new table holds back that table alone`() {
        var world = world()
        world.publish(
            ResourceChange(
                upserts: [Sample.listener("other", table: "second"), Sample.table("second", "bad")],
                parts: [.table("second"): ["z": Sample.part("z", to: "a")]]))
        world.settle()
        #expect(world.fleet.status.rejections.map(\.resource) == [.table("second")])
        #expect(world.fleet.status.rejections.map(\.part) == [nil])
        world.publish(upserts: [Sample.table("second", "2")])
        world.settle()
        #expect(world.envoy("p").tables["second"]?.keys.sorted() == ["z"])
    }

    @Test func `a refused listener does not hold up another`() {
        var world = world()
        world.publish(upserts: [Sample.listener("bad", "bad", table: "web"), Sample.listener("good", table: "web")])
        world.settle()
        #expect(world.envoy("p").listeners.keys.sorted() == ["good", "http"])
        #expect(world.fleet.status.rejections.map(\.resource) == [ResourceName(.listener, "bad")])
    }

    @Test func `a removed culprit takes its rejection with it`() {
        var world = world()
        world.publish(parts: ["b.example": Sample.part("b.example", "bad", to: "b")])
        world.settle()
        world.publish(parts: ["b.example": nil])
        world.settle()
        #expect(world.fleet.status.rejections.isEmpty)
        #expect(world.envoy("p").tables["web"]?["b.example"] == nil)
    }
}
