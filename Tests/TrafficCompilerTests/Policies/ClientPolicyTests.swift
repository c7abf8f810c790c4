import NetTypes
import Testing
import TrafficPlan

@testable import KubernetesModel
@testable import TrafficCompiler

@Suite struct ClientPolicyTests {
    static func client(of compiler: TrafficCompiler) -> ClientSettings? { compiler.plan.listeners.values.first?.client }

    static func report(_ policy: String, of compiler: TrafficCompiler) throws -> PolicyReport.Ancestor {
        let name = PolicyName(kind: "ClientPolicy", name: Fixture.name(policy))
        return try #require(compiler.allPolicyReports[name]?.ancestors.first)
    }

    @Test func `nobody is trusted unless the operator says so`() {
        #expect(Self.client(of: Fixture.compiler()) == ClientSettings())
    }

    @Test func `what a policy says goes to every listener, and goes with it`() throws {
        var compiler = Fixture.compiler()
        let result = compiler.apply(
            [Fixture.client("edge", cidrs: ["10.0.0.0/8"], proxyProtocol: "Optional")], now: Fixture.now)
        #expect(result.change.listeners.count == 2)
        let client = try #require(Self.client(of: compiler))
        #expect(client.trustedProxies == [IPPrefix("10.0.0.0/8")])
        #expect(client.proxyProtocol == .optional)
        _ = compiler.apply([Fixture.client("edge", hops: 2)], now: Fixture.now)
        #expect(Self.client(of: compiler)?.trustedHops == 2)
        #expect(Self.client(of: compiler)?.trustedProxies.isEmpty == true)
        _ = compiler.apply([.clientPolicy(Fixture.name("edge"), nil)], now: Fixture.now)
        #expect(Self.client(of: compiler) == ClientSettings())
    }

    @Test func `the oldest holds, and the others say which`() throws {
        var compiler = Fixture.compiler()
        _ = compiler.apply(
            [Fixture.client("a", hops: 1, created: 200), Fixture.client("b", hops: 2, created: 100)], now: Fixture.now)
        #expect(Self.client(of: compiler)?.trustedHops == 2)
        #expect(try Self.report("a", of: compiler).accepted.reason == .conflicted)
        #expect(try Self.report("a", of: compiler).conflicted?.contains("default/b is older") == true)
        #expect(try Self.report("b", of: compiler).isInForce)
        _ = compiler.apply([.clientPolicy(Fixture.name("b"), nil)], now: Fixture.now)
        #expect(Self.client(of: compiler)?.trustedHops == 1)
        #expect(try Self.report("a", of: compiler).accepted.holds)
    }

    @Test(arguments: [
        Fixture.client("x", hops: 1, cidrs: ["10.0.0.0/8"]), Fixture.client("x", hops: -1),
        Fixture.client("x", hops: 33), Fixture.client("x", cidrs: ["10.0.0.1/8"]), Fixture.client("x", cidrs: []),
        Fixture.client("x", proxyProtocol: "Maybe"),
    ])
    func `what cannot be read trusts nobody, and changes nothing that held`(broken: SourceChange) throws {
        var compiler = Fixture.compiler()
        _ = compiler.apply([broken], now: Fixture.now)
        #expect(Self.client(of: compiler) == ClientSettings())
        #expect(try Self.report("x", of: compiler).accepted.reason == .invalid)
        _ = compiler.apply([Fixture.client("x", hops: 3)], now: Fixture.now)
        _ = compiler.apply([broken], now: Fixture.now)
        #expect(Self.client(of: compiler)?.trustedHops == 3)
        #expect(try Self.report("x", of: compiler).accepted.message.contains("last good form"))
    }

    @Test func `a class of another controller is no target`() throws {
        var compiler = Fixture.compiler()
        _ = compiler.apply(
            [Fixture.client("x", hops: 1, at: Fixture.reference("IngressClass", "none"))], now: Fixture.now)
        #expect(Self.client(of: compiler) == ClientSettings())
        #expect(try Self.report("x", of: compiler).accepted.reason == .targetNotFound)
        _ = compiler.apply(
            [.ingressClass(ObjectName(name: "none"), Fixture.ingressClass("none"))], now: Fixture.now)
        #expect(Self.client(of: compiler)?.trustedHops == 1)
    }
}
