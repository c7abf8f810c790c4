import KubernetesModel
import TestSupport
import Testing
import TrafficPlan

@testable import TrafficCompiler

/// A change computes what it touches and nothing else, and the result is that of computing everything.
@Suite struct IncrementalTests {
    /// Random objects over few names, so that they meet.
    struct World {
        var generator: SeededGenerator
        var objects: [String: SourceChange] = [:]

        init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: 0..<values.count, using: &generator)]
        }

        mutating func event() throws -> SourceChange {
            let change = try randomChange()
            objects[change.key] = change
            return change
        }

        private mutating func randomChange() throws -> SourceChange {
            let isGone = Int.random(in: 0..<5, using: &generator) == 0
            switch Int.random(in: 0..<14, using: &generator) {
            case 10..<13:
                return isGone ? .rateLimitPolicy(Fixture.name(pick(Self.policies)), nil) : rateLimitPolicy()
            case 13: return isGone ? .clientPolicy(Fixture.name(pick(["c0", "c1"])), nil) : clientPolicy()
            case 0..<4: return isGone ? .ingress(Fixture.name(pick(Self.ingresses)), nil) : ingress()
            case 4..<6: return isGone ? .service(Fixture.name(pick(Self.services)), nil) : service()
            case 6..<8: return isGone ? .endpointSlice(Fixture.name(pick(Self.slices)), nil) : slice()
            // A Secret that was good stays good: what was served of it would be remembered, and is tested apart.
            case 8: return try Fixture.secret(pick(["s1", "s2"]), names: pick(["a.example", "b.example,*.w.example"]))
            default:
                let name = pick(["fairway", "second"])
                let controller = pick(["fairway.dev/ingress-controller", "example.com/other"])
                return .ingressClass(
                    ObjectName(name: name),
                    isGone
                        ? nil
                        : Fixture.ingressClass(name, controller: controller, isDefault: pick([true, false])))
            }
        }

        static let policies = (0..<6).map { "p\($0)" }
        static let targets =
            ["fairway", "second", "third"].map { Fixture.reference("IngressClass", $0) }
            + (ingresses + ["none"]).map { Fixture.reference("Ingress", $0) }
            + (services + ["none"]).map { Fixture.reference("Service", $0) }
            + services.map { Fixture.reference("Service", $0, section: "http") }
            + [Fixture.reference("Ingress", "i0", section: "x"), Fixture.reference("Gateway", "g")]

        private mutating func limits() -> [RateLimitPolicy.Limit]? {
            let limits = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                Fixture.limit(pick(["a", "b", "c"]), pick([5, 10]))
            }
            // A limit that was good stays good: what held of it would be remembered, and is tested apart.
            return pick([nil, limits, limits + [Fixture.limit("Broken")]])
        }

        private mutating func rateLimitPolicy() -> SourceChange {
            let targets = (0..<Int.random(in: 1...3, using: &generator)).map { _ in pick(Self.targets) }
            return Fixture.rateLimits(
                pick(Self.policies), at: targets, limits(), overrides: pick([nil, nil, limits()]),
                created: Int64.random(in: 1...3, using: &generator))
        }

        private mutating func clientPolicy() -> SourceChange {
            Fixture.client(
                pick(["c0", "c1"]), hops: pick([1, 2]), proxyProtocol: pick([nil, "Required"]), at: pick(Self.targets),
                created: Int64.random(in: 1...3, using: &generator))
        }

        static let ingresses = (0..<8).map { "i\($0)" }
        static let services = (0..<4).map { "s\($0)" }
        static let slices = (0..<4).map { "e\($0)" }
        static let hosts = ["a.example", "b.example", "*.w.example", "", "Bad_Host"]
        static let paths = ["/", "/foo", "/foo/", "/foo/[0-9]+", "/(", "/bar/baz"]

        private mutating func ingress() -> SourceChange {
            let rules = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                (
                    pick(Self.hosts),
                    (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                        (pick(Self.paths), pick(Self.services + ["none"]))
                    }
                )
            }
            let tls: [Ingress.TLS]? = pick([
                nil, [.init(hosts: [pick(Self.hosts)], secretName: pick(["s1", "s2", "s3"]))],
                [.init(secretName: pick(["s1", "s3"]))],
            ])
            return Fixture.ingress(
                pick(Self.ingresses), created: Int64.random(in: 1...3, using: &generator),
                className: pick(["fairway", "fairway", "second", nil]), rules: rules,
                pathType: pick(["Prefix", "Exact", "ImplementationSpecific"]),
                fallback: pick([nil, nil, "s0", "none"]), tls: tls,
                annotations: pick([nil, ["fairway.dev/https-redirect": pick(["true", "false"])]]))
        }

        private mutating func service() -> SourceChange {
            let port = Service.Port(
                name: pick([nil, "http"]), appProtocol: pick([nil, "grpc", "https", "odd"]), port: pick([80, 80, 81]))
            return Fixture.service(pick(Self.services), ports: [port])
        }

        private mutating func slice() -> SourceChange {
            Fixture.slice(
                pick(Self.slices), of: pick(Self.services), pick([[], ["10.0.0.1"], ["10.0.0.2", "x"]]))
        }
    }

    @Test(arguments: 0..<60)
    func `any sequence of events gives the plan of its final objects`(seed: UInt64) throws {
        var world = World(seed: seed)
        var compiler = TrafficCompiler(settings: Fixture.settings())
        var followed = GatewayPlan()
        var reports: [ObjectName: IngressReport] = [:]
        var policies: [PolicyName: PolicyReport] = [:]
        for _ in 0..<60 {
            let batch = try (0..<Int.random(in: 1...3, using: &world.generator)).map { _ in try world.event() }
            let result = compiler.apply(batch, now: Fixture.now)
            followed.apply(result.change)
            for (name, report) in result.reports { reports[name] = report }
            for (name, report) in result.policies { policies[name] = report }
        }
        var fresh = TrafficCompiler(settings: Fixture.settings())
        _ = fresh.apply(Array(world.objects.values), now: Fixture.now)
        #expect(compiler.plan == fresh.plan)
        #expect(compiler.allReports == fresh.allReports)
        #expect(followed == compiler.plan, "the changes that were told do not add up to the plan")
        #expect(reports == compiler.allReports)
        #expect(compiler.allPolicyReports == fresh.allPolicyReports)
        #expect(policies == compiler.allPolicyReports)
        #expect(compiler.limitTable.isTidy)
        let named = Set(compiler.plan.virtualHosts.values.flatMap(\.routes).compactMap(\.limits))
        #expect(named == Set(compiler.plan.limitSets.keys), "a set that no route names, or the other way round")
        #expect(compiler.index.isLike(fresh.index))
    }

    @Test(arguments: 0..<20)
    func `the order of events makes no difference`(seed: UInt64) throws {
        var world = World(seed: 1000 + seed)
        for _ in 0..<60 { _ = try world.event() }
        var texts: Set<String> = []
        for _ in 0..<4 {
            var compiler = TrafficCompiler(settings: Fixture.settings())
            for change in world.objects.values.shuffled(using: &world.generator) {
                _ = compiler.apply([change], now: Fixture.now)
            }
            texts.insert(GoldenTests.text(of: compiler))
        }
        #expect(texts.count == 1)
    }

    static func loaded(hosts: Int) -> TrafficCompiler {
        var compiler = Fixture.compiler()
        var changes: [SourceChange] = []
        for index in 0..<hosts {
            changes.append(Fixture.service("s\(index)"))
            changes.append(Fixture.slice("e\(index)", of: "s\(index)", ["10.0.0.1"]))
            changes.append(Fixture.ingress("i\(index)", rules: [("h\(index).example", [("/", "s\(index)")])]))
        }
        _ = compiler.apply(changes, now: Fixture.now)
        return compiler
    }

    @Test func `a change is computed where it is and nowhere else`() {
        var compiler = Self.loaded(hosts: 200)
        #expect(compiler.plan.virtualHosts.count == 200)

        let endpoint = compiler.apply([Fixture.slice("e7", of: "s7", ["10.0.0.2"])], now: Fixture.now)
        #expect(endpoint.recompiled.endpointSets == 1)
        #expect(endpoint.recompiled.virtualHosts == 0)
        #expect(endpoint.recompiled.backends == 0)
        #expect(endpoint.change.endpoints.count == 1)
        #expect(endpoint.reports.isEmpty)

        let added = compiler.apply(
            [Fixture.ingress("new", rules: [("new.example", [("/", "s1")])])], now: Fixture.now)
        #expect(added.recompiled.virtualHosts == 1)
        #expect(added.change.virtualHosts.count == 1)
        #expect(added.change.backends.isEmpty)
        #expect(added.reports.count == 1)

        let protocolChange = compiler.apply(
            [Fixture.service("s3", ports: [.init(appProtocol: "grpc", port: 80)])], now: Fixture.now)
        #expect(protocolChange.recompiled.virtualHosts == 0)
        #expect(protocolChange.change.backends.count == 1)

        let portChange = compiler.apply([Fixture.service("s4", ports: [.init(port: 81)])], now: Fixture.now)
        #expect(portChange.recompiled.virtualHosts == 1)
        #expect(portChange.change.backends.count == 1)

        let unrelated = compiler.apply([Fixture.service("unused")], now: Fixture.now)
        #expect(unrelated.recompiled == .init())

        let removed = compiler.apply([.ingress(Fixture.name("new"), nil)], now: Fixture.now)
        #expect(removed.change.virtualHosts == [.exact("new.example"): nil])
        #expect(removed.reports == [Fixture.name("new"): nil])
    }

    @Test func `equal content is not told again`() throws {
        var compiler = Self.loaded(hosts: 3)
        var again = Self.loaded(hosts: 3).ingresses.map { SourceChange.ingress($0.key, $0.value) }
        again.append(Fixture.service("s1"))
        again.append(Fixture.slice("e1", of: "s1", ["10.0.0.1"]))
        let result = compiler.apply(again, now: Fixture.now)
        #expect(result.change.isEmpty)
        #expect(result.reports.isEmpty)
    }

    @Test func `a written status touches nothing`() throws {
        var compiler = Self.loaded(hosts: 1)
        guard case .ingress(let name, var ingress?) = Fixture.ingress("i0", rules: [("h0.example", [("/", "s0")])])
        else { return }
        ingress.status = .init(loadBalancer: .init(ingress: [.init(ip: "192.0.2.1")]))
        ingress.metadata.resourceVersion = "2"
        #expect(compiler.apply([.ingress(name, ingress)], now: Fixture.now).recompiled == .init())
    }
}

extension SourceChange {
    fileprivate var key: String {
        switch self {
        case .ingress(let name, _): "ingress \(name)"
        case .ingressClass(let name, _): "class \(name)"
        case .service(let name, _): "service \(name)"
        case .endpointSlice(let name, _): "slice \(name)"
        case .secret(let name, _): "secret \(name)"
        case .rateLimitPolicy(let name, _): "rate limit policy \(name)"
        case .clientPolicy(let name, _): "client policy \(name)"
        }
    }
}

extension DependencyIndex {
    /// Nothing was left behind.
    fileprivate func isLike(_ other: DependencyIndex) -> Bool {
        ingressesOfReference == other.ingressesOfReference && ingressesOfHost == other.ingressesOfHost
            && ingressesOfService == other.ingressesOfService && ingressesOfSecret == other.ingressesOfSecret
            && ingressesOfCertificate == other.ingressesOfCertificate && servicesOfSecret == other.servicesOfSecret
            && hostsOfBackend == other.hostsOfBackend && backendsOfService == other.backendsOfService
            && globalDefaults == other.globalDefaults && policiesOfTarget == other.policiesOfTarget
            && policiesOfObject == other.policiesOfObject
    }
}
