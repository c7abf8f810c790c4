import Testing
import TrafficPlan

@testable import KubernetesModel
@testable import TrafficCompiler

/// What policies come to on routes, and what each is told.
@Suite struct RateLimitPolicyTests {
    typealias Change = SourceChange

    static let ingressClass = Fixture.reference("IngressClass", "fairway")
    static let ingress = Fixture.reference("Ingress", "web")
    static let service = Fixture.reference("Service", "web")

    /// `web.example/` to Service `web`, and `other.example/` to Service `other`.
    static func compiler(_ policies: Change...) -> TrafficCompiler {
        var compiler = Fixture.compiler()
        let objects = [
            Fixture.ingress("web", rules: [("web.example", [("/", "web")])]),
            Fixture.ingress("other", rules: [("other.example", [("/", "other")])]),
            Fixture.service("web", ports: [.init(name: "http", port: 80)]), Fixture.service("other"),
        ]
        _ = compiler.apply(objects + policies, now: Fixture.now)
        return compiler
    }

    /// The limits of a host's first route, as `policy/limit`.
    static func limits(_ host: String = "web.example", of compiler: TrafficCompiler) -> [String] {
        let id = compiler.plan.virtualHosts[Hostname(host)]?.routes.first?.limits
        return id.flatMap { compiler.plan.limitSets[$0] }?.limits.map { "\($0.name.policy)/\($0.name.limit)" } ?? []
    }

    static func report(_ policy: String, of compiler: TrafficCompiler) throws -> PolicyReport {
        let name = PolicyName(kind: "RateLimitPolicy", name: Fixture.name(policy))
        return try #require(compiler.allPolicyReports[name])
    }

    @Test func `a policy of the class holds for every route, and each narrower one adds to it`() throws {
        let compiler = Self.compiler(
            Fixture.rateLimits("c", at: [Self.ingressClass], [Fixture.limit("a")]),
            Fixture.rateLimits("i", at: [Self.ingress], [Fixture.limit("b")]),
            Fixture.rateLimits("s", at: [Self.service], [Fixture.limit("c")]),
            Fixture.rateLimits("p", at: [Fixture.reference("Service", "web", section: "http")], [Fixture.limit("d")]))
        #expect(Self.limits(of: compiler) == ["c/a", "i/b", "p/d", "s/c"])
        #expect(Self.limits("other.example", of: compiler) == ["c/a"])
    }

    @Test func `of one name the narrowest default holds, and the others are told`() throws {
        let compiler = Self.compiler(
            Fixture.rateLimits("c", at: [Self.ingressClass], [Fixture.limit("a")]),
            Fixture.rateLimits("i", at: [Self.ingress], [Fixture.limit("a")]),
            Fixture.rateLimits("s", at: [Self.service], [Fixture.limit("a")]))
        #expect(Self.limits(of: compiler) == ["s/a"])
        #expect(Self.limits("other.example", of: compiler) == ["c/a"])
        for loser in ["c", "i"] {
            let ancestor = try Self.report(loser, of: compiler).ancestors[0]
            #expect(ancestor.accepted.holds)
            #expect(ancestor.overridden?.contains("RateLimitPolicy default/") == true)
        }
        #expect(try Self.report("s", of: compiler).ancestors[0].overridden == nil)
    }

    @Test func `an override from above beats every default and every override below`() throws {
        let compiler = Self.compiler(
            Fixture.rateLimits("c", at: [Self.ingressClass], overrides: [Fixture.limit("a")]),
            Fixture.rateLimits("i", at: [Self.ingress], overrides: [Fixture.limit("a")]),
            Fixture.rateLimits("s", at: [Self.service], [Fixture.limit("a"), Fixture.limit("b")]))
        #expect(Self.limits(of: compiler) == ["c/a", "s/b"])
        #expect(try Self.report("i", of: compiler).ancestors[0].overridden?.contains("default/c overrides") == true)
        #expect(try Self.report("s", of: compiler).ancestors[0].overridden?.contains("default/c overrides") == true)
    }

    @Test func `of two policies at one target the older one holds what both name`() throws {
        var compiler = Self.compiler(
            Fixture.rateLimits("a-young", at: [Self.ingress], [Fixture.limit("a"), Fixture.limit("b")], created: 200),
            Fixture.rateLimits("z-old", at: [Self.ingress], [Fixture.limit("a")], created: 100))
        #expect(Self.limits(of: compiler) == ["a-young/b", "z-old/a"])
        let loser = try Self.report("a-young", of: compiler)
        #expect(loser.ancestors[0].accepted.holds)
        #expect(loser.ancestors[0].conflicted?.contains("default/z-old is older") == true)
        #expect(loser.diagnostics.map(\.reason) == ["PolicyConflict"])
        #expect(try Self.report("z-old", of: compiler).ancestors[0].conflicted == nil)

        _ = compiler.apply([.rateLimitPolicy(Fixture.name("z-old"), nil)], now: Fixture.now)
        #expect(Self.limits(of: compiler) == ["a-young/a", "a-young/b"])
        #expect(try Self.report("a-young", of: compiler).ancestors[0].conflicted == nil)
        #expect(compiler.allPolicyReports.count == 1)
    }

    @Test func `a policy that loses everything at a target is not accepted there`() throws {
        let compiler = Self.compiler(
            Fixture.rateLimits("young", at: [Self.ingress, Self.service], [Fixture.limit("a")], created: 200),
            Fixture.rateLimits("old", at: [Self.ingress], [Fixture.limit("a")], created: 100))
        let ancestors = try Self.report("young", of: compiler).ancestors
        #expect(ancestors.map(\.accepted.reason) == [.conflicted, .accepted])
        #expect(ancestors.map(\.isInForce) == [false, true])
    }

    @Test func `only the operator's policies reach a whole class`() throws {
        var settings = Fixture.settings()
        settings.operatorNamespaces = ["operators"]
        var compiler = TrafficCompiler(settings: settings)
        _ = compiler.apply(
            [
                .ingressClass(ObjectName(name: "fairway"), Fixture.ingressClass()),
                Fixture.ingress("web", rules: [("web.example", [("/", "web")])]), Fixture.service("web"),
                Fixture.rateLimits("tenant", at: [Self.ingressClass], [Fixture.limit("a")]),
                Fixture.rateLimits("op", at: [Self.ingressClass], [Fixture.limit("b")], namespace: "operators"),
                Fixture.client("tenant", hops: 1),
            ], now: Fixture.now)
        #expect(Self.limits(of: compiler) == ["op/b"])
        #expect(try Self.report("tenant", of: compiler).ancestors[0].accepted.reason == .refNotPermitted)
        #expect(compiler.plan.listeners.values.allSatisfy { $0.client == ClientSettings() })
    }

    @Test func `targets that come and go take the policy with them`() throws {
        var compiler = Fixture.compiler()
        _ = compiler.apply(
            [Fixture.rateLimits("p", at: [Self.ingress, Self.service], [Fixture.limit("a")])], now: Fixture.now)
        #expect(
            try Self.report("p", of: compiler).ancestors.map(\.accepted.reason) == [.targetNotFound, .targetNotFound])
        _ = compiler.apply([Fixture.service("web")], now: Fixture.now)
        #expect(
            try Self.report("p", of: compiler).ancestors[1].accepted.message
                == "no route leads to Service default/web yet")
        _ = compiler.apply([Fixture.ingress("web", rules: [("web.example", [("/", "web")])])], now: Fixture.now)
        #expect(
            try Self.report("p", of: compiler).ancestors.allSatisfy { $0.accepted.holds && $0.accepted.message.isEmpty }
        )
        #expect(Self.limits(of: compiler) == ["p/a"])
        _ = compiler.apply([.ingress(Fixture.name("web"), nil), .service(Fixture.name("web"), nil)], now: Fixture.now)
        #expect(
            try Self.report("p", of: compiler).ancestors.map(\.accepted.reason) == [.targetNotFound, .targetNotFound])
        #expect(compiler.plan.limitSets.isEmpty)
    }

    @Test func `a broken limit leaves its neighbours alone and keeps its last good form`() throws {
        var compiler = Self.compiler(
            Fixture.rateLimits("p", at: [Self.ingress], [Fixture.limit("a", 10), Fixture.limit("b", 10)]))
        func allowances() -> [Int64] {
            compiler.plan.limitSets.values.flatMap(\.limits).map(\.allowance.requests).sorted()
        }
        #expect(allowances() == [10, 10])
        let broken = Fixture.rateLimits(
            "p", at: [Self.ingress], [Fixture.limit("a", -1), Fixture.limit("b", 20), Fixture.limit("c", -1)])
        _ = compiler.apply([broken], now: Fixture.now)
        #expect(allowances() == [10, 20])
        let report = try Self.report("p", of: compiler)
        #expect(report.ancestors[0].accepted.reason == .invalid)
        #expect(report.ancestors[0].isInForce)
        #expect(
            report.diagnostics.map(\.message) == [
                "-1 is not within 0 to 1000000000; its last good form stays in force",
                "-1 is not within 0 to 1000000000; the limit does not hold",
            ])
        // Another object of the same name has no past.
        guard case .rateLimitPolicy(let name, var policy?) = broken else { return }
        policy.metadata.uid = "another"
        _ = compiler.apply([.rateLimitPolicy(name, policy)], now: Fixture.now)
        #expect(allowances() == [20])
    }

    @Test func `limits beside defaults, and none at all, are refused`() throws {
        guard case .rateLimitPolicy(let name, var policy?) = Fixture.rateLimits("p", at: [Self.ingress]) else { return }
        var compiler = Self.compiler(.rateLimitPolicy(name, policy))
        #expect(try Self.report("p", of: compiler).ancestors[0].accepted.message.contains("there are no limits"))
        policy.spec.limits = [Fixture.limit("a")]
        policy.spec.defaults = .init(limits: [Fixture.limit("b")])
        _ = compiler.apply([.rateLimitPolicy(name, policy)], now: Fixture.now)
        #expect(try Self.report("p", of: compiler).diagnostics[0].origin.field == "spec.limits")
    }

    @Test func `a default backend for all hosts brings its limits to all`() {
        var compiler = Self.compiler(
            Fixture.rateLimits("p", at: [Fixture.reference("Ingress", "any")], [Fixture.limit("a")]))
        _ = compiler.apply(
            [
                Fixture.ingress("any", fallback: "other"),
                Fixture.ingress("web", rules: [("web.example", [("/x", "web")])]),
            ], now: Fixture.now)
        let routes = compiler.plan.virtualHosts[Hostname("web.example")]?.routes ?? []
        #expect(routes.map { $0.limits != nil } == [false, true])
        #expect(compiler.plan.virtualHosts[.any]?.routes.first?.limits != nil)
    }

    @Test func `a policy is computed where it is and nowhere else, and touches no listener`() {
        var compiler = IncrementalTests.loaded(hosts: 200)
        let added = compiler.apply(
            [Fixture.rateLimits("p", at: [Fixture.reference("Ingress", "i7")], [Fixture.limit("a")])], now: Fixture.now)
        #expect(added.recompiled.virtualHosts == 1)
        #expect(added.change.virtualHosts.count == 1)
        #expect(added.change.limitSets.count == 1)
        #expect(added.change.listeners.isEmpty && added.change.backends.isEmpty)
        #expect(added.reports.isEmpty)
        #expect(added.policies.count == 1)

        let same = compiler.apply(
            [Fixture.rateLimits("p", at: [Fixture.reference("Ingress", "i7")], [Fixture.limit("a")])], now: Fixture.now)
        #expect(same.change.isEmpty && same.policies.isEmpty && same.recompiled.virtualHosts == 0)

        let wide = compiler.apply(
            [Fixture.rateLimits("w", at: [Self.ingressClass], [Fixture.limit("b")])], now: Fixture.now)
        #expect(wide.recompiled.virtualHosts == 200)
        #expect(compiler.plan.limitSets.count == 2, "hosts with the same limits share a set")

        let removed = compiler.apply([.rateLimitPolicy(Fixture.name("w"), nil)], now: Fixture.now)
        #expect(removed.change.limitSets.values.contains(nil))
        #expect(compiler.plan.limitSets.count == 1)
    }

    @Test func `a set's name follows from its content alone`() throws {
        let first = Self.compiler(Fixture.rateLimits("p", at: [Self.ingress], [Fixture.limit("a")]))
        let second = Self.compiler(Fixture.rateLimits("p", at: [Self.ingress], [Fixture.limit("a")], created: 5))
        let edited = Self.compiler(Fixture.rateLimits("p", at: [Self.ingress], [Fixture.limit("a", 11)]))
        #expect(first.plan.limitSets.keys.sorted() == second.plan.limitSets.keys.sorted())
        #expect(first.plan.limitSets.keys.sorted() != edited.plan.limitSets.keys.sorted())
        let id = try #require(first.plan.limitSets.keys.first)
        #expect(id.text.utf8.count == 32)
        let set = try #require(first.plan.limitSets[id])
        #expect(LimitSetID(try LimitSet(bytes: set.bytes)) == id)
    }
}
