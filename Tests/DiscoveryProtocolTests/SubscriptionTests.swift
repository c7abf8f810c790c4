import DiscoveryProtocol
import Testing

/// The rules of delta subscriptions, spoken to the machine request by request.
@Suite struct SubscriptionTests {
    private struct Stream {
        var fleet = FleetDiscovery()
        var id: SessionID

        init(_ change: ResourceChange) {
            fleet.markSynced()
            _ = fleet.publish(change)
            id = fleet.connected(at: .zero)
        }

        mutating func send(_ request: DeltaRequest) -> [DeltaResponse] {
            _ = fleet.received(request, from: id)
            return next()
        }

        mutating func next(at now: Duration = .zero) -> [DeltaResponse] {
            fleet.next(now: now).responses.map(\.response)
        }

        mutating func acknowledge(_ responses: [DeltaResponse]) -> [DeltaResponse] {
            responses.flatMap { send(DeltaRequest($0.type, nonce: $0.nonce)) }
        }
    }

    private static let clusters = ResourceChange(upserts: [Sample.cluster("a"), Sample.cluster("b")])

    @Test func `a first request that names nothing asks for all clusters`() {
        var stream = Stream(Self.clusters)
        #expect(stream.send(DeltaRequest(.cluster)).first?.resources.map(\.name) == ["a", "b"])
    }

    @Test func `a first request that names some asks for these`() {
        var stream = Stream(Self.clusters)
        #expect(stream.send(DeltaRequest(.cluster, subscribe: ["b"])).first?.resources.map(\.name) == ["b"])
        _ = stream.fleet.publish(ResourceChange(upserts: [Sample.cluster("c")]))
        #expect(stream.send(DeltaRequest(.cluster, nonce: "1")).isEmpty)
    }

    @Test func `a star begins a wildcard later, and its end ends it`() {
        var stream = Stream(Self.clusters)
        let first = stream.send(DeltaRequest(.cluster, subscribe: ["b"]))
        _ = stream.acknowledge(first)
        let second = stream.send(DeltaRequest(.cluster, subscribe: ["*"]))
        #expect(second.first?.resources.map(\.name) == ["a"])
        _ = stream.acknowledge(second)
        #expect(stream.send(DeltaRequest(.cluster, unsubscribe: ["*"])).isEmpty)
        _ = stream.fleet.publish(ResourceChange(upserts: [Sample.cluster("c"), Sample.cluster("b", "2")]))
        #expect(stream.next().first?.resources.map(\.name) == ["b"])
    }

    @Test func `endpoints have no wildcard by silence`() {
        var stream = Stream(ResourceChange(upserts: [Sample.endpoints("a")]))
        #expect(stream.send(DeltaRequest(.clusterLoadAssignment)).isEmpty)
    }

    @Test func `a name that does not exist is answered as removed`() {
        var stream = Stream(Self.clusters)
        let answer = stream.send(DeltaRequest(.routeConfiguration, subscribe: ["nowhere"]))
        #expect(answer.first?.removed == ["nowhere"])
    }

    @Test func `a name that is asked for again is answered again`() {
        var stream = Stream(ResourceChange(upserts: [Sample.endpoints("a")]))
        _ = stream.acknowledge(stream.send(DeltaRequest(.clusterLoadAssignment, subscribe: ["a"])))
        let again = stream.send(DeltaRequest(.clusterLoadAssignment, subscribe: ["a"]))
        #expect(again.first?.resources.map(\.name) == ["a"])
    }

    @Test func `after an unsubscription nothing more comes`() {
        var stream = Stream(ResourceChange(upserts: [Sample.endpoints("a")]))
        _ = stream.acknowledge(stream.send(DeltaRequest(.clusterLoadAssignment, subscribe: ["a"])))
        _ = stream.send(DeltaRequest(.clusterLoadAssignment, unsubscribe: ["a"]))
        _ = stream.fleet.publish(ResourceChange(upserts: [Sample.endpoints("a", "2")]))
        #expect(stream.next().isEmpty)
    }

    @Test func `a proxy that reconnects gets only what differs, and the removal of what is gone`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        world.disconnect("p")
        world.publish(
            upserts: [Sample.endpoints("a", "2")], parts: ["b.example": nil],
            removals: [.cluster("b"), ResourceName(.clusterLoadAssignment, "b")])
        _ = world.sent(to: "p")
        world.connect("p")
        world.settle()
        #expect(world.sent(to: "p") == ["eds a", "rds web"])
        world.advance(.seconds(5))
        world.advance(.seconds(5))
        world.settle()
        #expect(world.sent(to: "p").first == "cds -b")
        #expect(world.envoy("p").violations.isEmpty)
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `a proxy that reconnects with all it needs is sent its endpoints only`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        world.disconnect("p")
        _ = world.sent(to: "p")
        world.connect("p")
        world.settle()
        #expect(world.sent(to: "p") == ["eds a b"])
        #expect(world.fleet.status.isCurrent)
    }

    @Test func `a proxy that reconnects to another server with the same set is sent its endpoints only`() {
        var world = Harness()
        world.publish(basicSet(["a", "b"]))
        world.connect("p")
        world.settle()
        var other = Harness()
        other.publish(basicSet(["a", "b"]))
        other.proxies = world.proxies
        _ = other.sent(to: "p")
        other.connect("p")
        other.settle()
        #expect(other.sent(to: "p") == ["eds a b"])
        #expect(other.fleet.status.isCurrent)
    }

    @Test func `a cluster that was cold when the stream broke stays cold for routes until its endpoints come`() {
        var world = Harness()
        world.publish(basicSet(["a"]))
        world.connect("p")
        world.settle()
        world.publish(upserts: [Sample.cluster("c"), Sample.endpoints("c")])
        world.deliverResponse(to: "p")
        #expect(world.envoy("p").warming["c"] != nil)
        world.disconnect("p")
        world.publish(parts: ["c.example": Sample.part("c.example", to: "c")])
        world.connect("p")
        world.settle()
        #expect(world.envoy("p").violations.isEmpty)
        #expect(world.envoy("p").tables["web"]?["c.example"] != nil)
    }
}
