import FoundationEssentials
import NetTypes
import Testing
import TrafficPlan

@testable import Explain

@Suite struct LimitExplanationTests {
    static func origin(_ policy: String) -> Origin {
        Origin(kind: "RateLimitPolicy", namespace: "shop", name: policy, field: "spec.limits[0]")
    }

    static func name(_ policy: String, _ limit: String) -> RateLimitName {
        RateLimitName(namespace: "shop", policy: policy, limit: limit)
    }

    static func plan() -> GatewayPlan {
        let address = KeyPart.Source.clientAddress(ipv4Bits: 32, ipv6Bits: 64)
        let limits = [
            RateLimit(
                name: name("api", "client"), key: [KeyPart(address), KeyPart(.header("x-app"))],
                allowance: Allowance(requests: 10, per: .second, burst: 20),
                conditionalAllowances: [
                    ConditionalAllowance(
                        name: "gold", matches: [KeyMatch(.header("x-plan"), values: ["gold"])],
                        allowance: Allowance(requests: 1000, per: .minute))
                ], origin: origin("api")),
            RateLimit(
                name: name("api", "login"), conditions: [RequestCondition(path: .prefix("/login"), methods: ["POST"])],
                allowance: Allowance(requests: 5, per: .minute), mode: .shadow, origin: origin("api")),
            RateLimit(
                name: name("api", "partner"), allowance: Allowance(requests: 1, per: .day),
                exemptions: [[KeyMatch(.header("x-app"), values: ["blue"])]],
                cost: .responseHeader(HeaderCost(name: "x-cost")), origin: origin("api")),
        ]
        let replaced = ReplacedLimit(
            name: name("wide", "client"), by: name("api", "client"), reason: .narrower, origin: origin("wide"))
        var plan = ExplainTests.plan()
        let id = LimitSetID("s")
        plan.limitSets[id] = LimitSet(limits: limits, replaced: [replaced])
        plan.virtualHosts[Hostname("shop.example")]?.routes[3].limits = id
        return plan
    }

    static func explain(
        _ target: String, from address: String? = nil, method: String = "GET", headers: [(String, String)] = []
    ) -> RequestExplanation {
        RequestExplanation(
            Request(
                listener: ListenerName("http"), method: method, host: "shop.example", target: target,
                headers: headers.map { Request.Header(name: $0, value: $1) },
                clientAddress: address.flatMap { IPAddress($0) }), in: plan())
    }

    @Test func `each limit says whether it counts the request, to which budget, and from where it is`() {
        let text = Self.explain("/x", from: "192.0.2.7", headers: [("X-App", "blue"), ("x-plan", "gold")]).description
        #expect(
            text.contains(
                """
                  limits       ▸ shop/api/client: 10 per second, burst 20 for each client address and header x-app; gold: 1000 per minute where header x-plan is gold
                                   charges 1 to the budget gold
                                   client address: 192.0.2.7
                                   header x-app: blue
                                   gold: 1000 per minute
                                   from RateLimitPolicy shop/api spec.limits[0]
                               · shop/api/login: 5 per minute, when path prefix /login, method POST; shadow only
                                   it is for other requests: none of its conditions holds
                                   from RateLimitPolicy shop/api spec.limits[0]
                               · shop/api/partner: 1 per day, a request costs what its answer's header x-cost says; not where header x-app is blue
                                   its exemption 1 of 1 holds
                                   from RateLimitPolicy shop/api spec.limits[0]
                               · shop/wide/client gives way to shop/api/client, which is attached to something narrower
                                   from RateLimitPolicy shop/wide spec.limits[0]

                """), "\(text)")
    }

    @Test func `a client that nobody named is asked for, and what is missing is said`() {
        let text = Self.explain("/login", method: "POST").description
        #expect(text.contains("client address: none, which counts as a value of its own"))
        #expect(text.contains("say --from ADDRESS to try it for a client"))
        #expect(text.contains("charges 1 to its budget, and only tells what it would refuse"))
        #expect(text.contains("charges what the answer's header x-cost says to its budget"))
        #expect(!Self.explain("/x", from: "192.0.2.7").description.contains("--from"))
    }

    @Test func `a route without limits says nothing of them`() {
        #expect(!Self.explain("/cart").description.contains("limits"))
        #expect(Self.explain("/cart").limits.isEmpty)
    }

    @Test func `the table shows limits where there are any`() {
        let table = RouteTable(Self.plan())
        #expect(table.rows.map(\.limits.count) == [0, 0, 0, 3, 0])
        #expect(table.description.contains("api/client, api/login, api/partner  Ingress shop/front"))
    }

    @Test func `it survives JSON`() throws {
        let explanation = Self.explain("/x", from: "2001:db8::1")
        let read = try JSONDecoder().decode(RequestExplanation.self, from: JSONEncoder().encode(explanation))
        #expect(read == explanation)
        #expect(read.client == "2001:db8::1")
    }
}
