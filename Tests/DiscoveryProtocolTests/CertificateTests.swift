import DiscoveryProtocol
import Testing

/// Secrets that Envoy asks for by the server names of handshakes.
@Suite struct CertificateTests {
    private struct Stream {
        var fleet: FleetDiscovery
        var id: SessionID

        init(_ secrets: [DiscoveryResource], limits: ProxySession.Limits = .init()) {
            fleet = FleetDiscovery(limits: limits)
            fleet.markSynced()
            _ = fleet.publish(ResourceChange(upserts: secrets))
            id = fleet.connected(at: .zero)
        }

        /// Name and text of every secret in the responses that follow, each of which is acknowledged.
        mutating func ask(_ names: String..., dropping: [String] = []) -> [String] {
            _ = fleet.received(DeltaRequest(.secret, subscribe: names, unsubscribe: dropping), from: id)
            return drain()
        }

        mutating func publish(_ change: ResourceChange) -> [String] {
            _ = fleet.publish(change)
            return drain()
        }

        mutating func drain() -> [String] {
            var told: [String] = []
            while let response = fleet.next(now: .zero).responses.first?.response {
                for resource in response.resources {
                    let length = Int(resource.bytes[1])
                    #expect(resource.bytes[0] == 0x0a)
                    #expect(Array(resource.bytes[2..<2 + length]) == Array(resource.name.utf8))
                    let head = String(decoding: resource.bytes[(2 + length)...], as: UTF8.self)
                    told.append("\(resource.name)=\(head.split(separator: "|").prefix(2).joined(separator: "/"))")
                }
                told += response.removed.map { "\($0)=none" }
                _ = fleet.received(DeltaRequest(.secret, nonce: response.nonce), from: id)
            }
            return told
        }
    }

    private static let all = [
        Sample.secret("*"), Sample.secret("*.shop.example"), Sample.secret("www.shop.example"),
    ]

    @Test(arguments: [
        ("www.shop.example", "www.shop.example"), ("WWW.shop.Example", "www.shop.example"),
        ("api.shop.example", "*.shop.example"), ("a.b.shop.example", "*"), ("shop.example", "*"), ("localhost", "*"),
    ])
    func `a server name gets the narrowest certificate under its own name`(name: String, cover: String) {
        var stream = Stream(Self.all)
        #expect(stream.ask(name) == ["\(name)=\(cover)/1"])
    }

    @Test func `without a default a stranger's name is answered as removed`() {
        var stream = Stream([Sample.secret("www.shop.example")])
        #expect(stream.ask("other.example") == ["other.example=none"])
    }

    @Test func `a name with a slash is no server name`() {
        var stream = Stream(Self.all)
        #expect(stream.ask("ca/shop/root") == ["ca/shop/root=none"])
    }

    @Test func `an impossible server name is refused`() {
        var stream = Stream(Self.all)
        let name = String(repeating: "a", count: 254)
        #expect(stream.ask(name) == ["\(name)=none"])
        #expect(stream.publish(ResourceChange(upserts: [Sample.secret("*", "2")])).isEmpty)
    }

    @Test func `a renewed certificate reaches every name it covers, and no other`() {
        var stream = Stream(Self.all)
        _ = stream.ask("www.shop.example", "api.shop.example", "x.shop.example", "other.example")
        let told = stream.publish(ResourceChange(upserts: [Sample.secret("*.shop.example", "2")]))
        #expect(told == ["api.shop.example=*.shop.example/2", "x.shop.example=*.shop.example/2"])
    }

    @Test func `a narrower certificate takes over when it comes, and gives back when it goes`() {
        var stream = Stream(Self.all)
        _ = stream.ask("api.shop.example")
        #expect(
            stream.publish(ResourceChange(upserts: [Sample.secret("api.shop.example")]))
                == ["api.shop.example=api.shop.example/1"])
        #expect(
            stream.publish(ResourceChange(removals: [ResourceName(.secret, "api.shop.example")]))
                == ["api.shop.example=*.shop.example/1"])
    }

    @Test func `strangers' names are bounded, the oldest is taken back and may ask again`() {
        var limits = ProxySession.Limits()
        limits.coveredNames = 3
        var stream = Stream(Self.all, limits: limits)
        _ = stream.ask("www.shop.example")
        for name in ["a", "b", "c"] { _ = stream.ask(name) }
        #expect(stream.ask("d") == ["d=*/1", "a=none"])
        #expect(stream.ask("a") == ["a=*/1", "b=none"])
        let told = stream.publish(ResourceChange(upserts: [Sample.secret("*", "2")]))
        #expect(told == ["a=*/2", "c=*/2", "d=*/2"])
        #expect(stream.fleet.status.proxies.first?.types[.secret]?.held == 4)
    }
}
