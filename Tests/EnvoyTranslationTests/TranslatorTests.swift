import DiscoveryProtocol
import EnvoyTranslation
import TestSupport
import Testing
import TrafficPlan

@Suite struct `A change of the plan` {
    private let table = ResourceName(.routeConfiguration, "ingress")

    private func translator() -> Translator {
        var translator = Translator(settings: TranslationSettings())
        _ = translator.apply(SamplePlan.change)
        return translator
    }

    @Test func `to endpoints touches one load assignment`() {
        var translator = translator()
        var change = PlanChange()
        change.endpoints[SamplePlan.web] = EndpointSet([SamplePlan.endpoint(9)])
        let result = translator.apply(change)
        #expect(result.upserts.map(\.name) == [ResourceName(.clusterLoadAssignment, "shop/web/80")])
        #expect(result.parts.isEmpty)
        #expect(result.removals.isEmpty)
    }

    @Test func `to one virtual host touches one piece of the table`() {
        var translator = translator()
        var change = PlanChange()
        change.virtualHosts[.exact("new.example")] = VirtualHost(
            hostname: .exact("new.example"), routes: [SamplePlan.forward(.prefix("/"), to: SamplePlan.web)])
        let result = translator.apply(change)
        #expect(result.upserts.isEmpty)
        #expect(result.parts[table]?.keys.sorted() == ["new.example"])
        #expect(
            result.parts[table]?["new.example"]??.references == [ResourceName(.cluster, "shop/web/80")])
    }

    @Test func `to the host for any name rewrites the wildcards, which borrow its routes`() {
        var translator = translator()
        var change = PlanChange()
        change.virtualHosts[.any] = .some(nil)
        let result = translator.apply(change)
        #expect(result.parts[table]?.keys.sorted() == ["*", "*.shop.example"])
        #expect(result.parts[table]?["*"] == .some(nil))
        #expect(
            result.parts[table]?["*.shop.example"]??.references == [ResourceName(.cluster, "shop/grpc/9000")])
    }

    @Test func `to a certificate touches its secret alone`() {
        var translator = translator()
        var change = PlanChange()
        change.certificates[.any] = .some(nil)
        change.certificates[.exact("shop.example")] = Certificate(
            chain: "new", key: PrivateKey(pem: "new"), origin: SamplePlan.origin("tls"))
        let result = translator.apply(change)
        #expect(result.upserts.map(\.name) == [ResourceName(.secret, "shop.example")])
        #expect(result.removals == [ResourceName(.secret, "*")])
        #expect(result.parts.isEmpty)
    }

    @Test func `to a backend that leaves takes its endpoints along`() {
        var translator = translator()
        var change = PlanChange()
        change.backends[SamplePlan.web] = .some(nil)
        change.backends[SamplePlan.outside] = .some(nil)
        change.endpoints[SamplePlan.web] = .some(nil)
        let result = translator.apply(change)
        #expect(result.upserts.isEmpty)
        #expect(
            result.removals == [
                ResourceName(.cluster, "shop/outside/443"), ResourceName(.cluster, "shop/web/80"),
                ResourceName(.clusterLoadAssignment, "shop/web/80"),
            ])
    }

    @Test func `of a backend from endpoints to DNS removes its load assignment`() {
        var translator = translator()
        var change = PlanChange()
        change.backends[SamplePlan.web] = Backend(
            name: SamplePlan.web, discovery: .dns(host: "web.example", port: 80), origin: SamplePlan.origin("web"))
        let result = translator.apply(change)
        #expect(result.upserts.map(\.name) == [ResourceName(.cluster, "shop/web/80")])
        #expect(result.removals == [ResourceName(.clusterLoadAssignment, "shop/web/80")])
    }

    @Test func `in any order gives the same bytes`() {
        let whole = SamplePlan.change
        var once = Translator(settings: TranslationSettings())
        let expected = once.apply(whole)
        for seed in 0..<8 {
            var translator = Translator(settings: TranslationSettings())
            var resources: [ResourceName: DiscoveryResource] = [:]
            var parts: [String: ResourcePart] = [:]
            // Limit sets come with the routes that name them.
            var sets = PlanChange()
            sets.limitSets = whole.limitSets
            for step in [sets] + Self.steps(of: whole, seed: seed) {
                let result = translator.apply(step)
                for resource in result.upserts { resources[resource.name] = resource }
                for (key, part) in result.parts[table] ?? [:] { parts[key] = part }
            }
            #expect(Set(resources.values) == Set(expected.upserts), "seed \(seed)")
            #expect(parts.count == expected.parts[table]?.count)
            for (key, part) in expected.parts[table] ?? [:] { #expect(parts[key] == part, "seed \(seed), \(key)") }
        }
    }

    /// The change cut into single units, in an order that the seed gives.
    private static func steps(of change: PlanChange, seed: Int) -> [PlanChange] {
        var steps: [PlanChange] = []
        func add(_ set: (inout PlanChange) -> Void) {
            var step = PlanChange()
            set(&step)
            steps.append(step)
        }
        for (key, value) in change.listeners { add { $0.listeners[key] = value } }
        for (key, value) in change.virtualHosts { add { $0.virtualHosts[key] = value } }
        for (key, value) in change.backends { add { $0.backends[key] = value } }
        for (key, value) in change.endpoints { add { $0.endpoints[key] = value } }
        for (key, value) in change.certificates { add { $0.certificates[key] = value } }
        var generator = SeededGenerator(seed: UInt64(seed))
        return steps.shuffled(using: &generator)
    }
}

@Suite struct `What Envoy would refuse` {
    private let table = ResourceName(.routeConfiguration, "ingress")

    @Test func `is told of the object, and leaves the other routes alone`() {
        var translator = Translator(settings: TranslationSettings())
        let bad = SamplePlan.origin("bad", "spec.rules[0]")
        var change = PlanChange()
        change.virtualHosts[.any] = VirtualHost(
            hostname: .any,
            routes: [
                Route(match: RouteMatch(path: .exact("/x")), action: .forward(to: []), origin: bad),
                Rig.forward(),
            ])
        let result = translator.apply(change)
        #expect(result.parts[table]?["*"]??.references == [ResourceName(.cluster, "test/backend/80")])
        #expect(translator.problems == [TranslationProblem(origin: bad, message: "there is no backend")])

        change.virtualHosts[.any] = VirtualHost(hostname: .any, routes: [Rig.forward()])
        _ = translator.apply(change)
        #expect(translator.problems.isEmpty)
    }

    @Test func `keeps the last good form of a backend`() {
        var translator = Translator(settings: TranslationSettings())
        _ = translator.apply(SamplePlan.change)
        var change = PlanChange()
        change.backends[SamplePlan.web] = Backend(
            name: SamplePlan.web, version: .negotiated, origin: SamplePlan.origin("web"))
        let result = translator.apply(change)
        #expect(!result.upserts.contains { $0.name.type == .cluster })
        #expect(translator.problems.map(\.origin) == [SamplePlan.origin("web")])
    }

    @Test func `is a window, a name or a path out of bounds`() {
        var translator = Translator(settings: TranslationSettings())
        var change = PlanChange()
        var listener = SamplePlan.listeners[0]
        listener.client.streamWindowBytes = 1
        change.listeners[listener.name] = listener
        for name in ["", "a b", "a*", String(repeating: "a", count: 254)] {
            let hostname = Hostname.exact(name)
            change.virtualHosts[hostname] = VirtualHost(hostname: hostname, routes: [Rig.forward()])
        }
        change.virtualHosts[.any] = VirtualHost(
            hostname: .any,
            routes: [
                Rig.forward(.prefix("x")), Rig.forward(.prefix("/a/")), Rig.forward(.prefix("/a?b")),
                Rig.forward(.exact("/\n")), Rig.forward(.regex("")),
            ])
        let result = translator.apply(change)
        #expect(translator.problems.count == 10)
        #expect(result.parts[table]?.keys.sorted() == ["*"])
        #expect(result.upserts.allSatisfy { [.routeConfiguration, .cluster].contains($0.name.type) })
        #expect(result.upserts.map(\.name.name).sorted() == ["fairway_ratelimit", "ingress"])
    }
}
