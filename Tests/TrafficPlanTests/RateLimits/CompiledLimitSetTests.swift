import NetTypes
import Testing

@testable import TrafficPlan

@Suite struct CompiledLimitSetTests {
    static func checks(
        _ limits: RateLimit..., for request: LimitedRequest, claim: CompiledLimitSet.ClaimReader = { _, _ in nil }
    ) throws -> [LimitCheck] {
        try CompiledLimitSet(LimitSet(limits: limits)).checks(for: request, claim: claim)
    }

    static func values(
        _ source: KeyPart.Source, of request: LimitedRequest, claim: CompiledLimitSet.ClaimReader = { _, _ in nil }
    ) throws -> [String?]? {
        try checks(LimitSamples.limit(key: [KeyPart(source)]), for: request, claim: claim).first?.values
    }

    @Test(arguments: [
        ("192.0.2.7", 32, "192.0.2.7"), ("192.0.2.7", 24, "192.0.2.0/24"), ("192.0.2.7", 0, "0.0.0.0/0"),
        ("2001:db8:1:2:3::4", 32, "2001:db8:1:2::/64"), ("::ffff:192.0.2.7", 32, "192.0.2.7"),
    ])
    func `a client is its IPv4 address or its IPv6 network`(address: String, bits: Int, value: String) throws {
        let source = KeyPart.Source.clientAddress(ipv4Bits: bits, ipv6Bits: 64)
        #expect(try Self.values(source, of: LimitSamples.request(from: address)) == [value])
    }

    @Test func `IPv4 clients behind mapped addresses are not one client`() throws {
        let source = KeyPart.Source.clientAddress(ipv4Bits: 32, ipv6Bits: 64)
        let first = try Self.values(source, of: LimitSamples.request(from: "::ffff:192.0.2.7"))
        #expect(try Self.values(source, of: LimitSamples.request(from: "::ffff:192.0.2.8")) != first)
    }

    @Test func `each part of a key is read where it stands`() throws {
        let request = LimitSamples.request(
            method: "POST", host: "api.example", path: "/v1/users/7", query: "a=1&api%2Dkey=k%2B1+2&api-key=no",
            headers: ["x-app": "blue", "cookie": "a=b; session=\"s 1\"; session=other", "authorization": "bearer t0"])
        #expect(try Self.values(.header("x-app"), of: request) == ["blue"])
        #expect(try Self.values(.cookie("session"), of: request) == ["s 1"])
        #expect(try Self.values(.queryParameter("api-key"), of: request) == ["k+1 2"])
        #expect(try Self.values(.method, of: request) == ["POST"])
        #expect(try Self.values(.host, of: request) == ["api.example"])
        #expect(try Self.values(.path, of: request) == ["/v1/users/7"])
        #expect(try Self.values(.pathSegment(1), of: request) == ["users"])
        #expect(try Self.values(.pathSegment(3), of: request) == [nil])
        let claim = JWTClaim(path: ["sub"], trust: .unverified)
        #expect(
            try Self.values(.jwtClaim(claim), of: request) { wanted, token in "\(wanted.path[0]) of \(token)" }
                == ["sub of t0"])
    }

    @Test func `what is missing is a value of its own, unlike the empty one, and exempts only where that is said`()
        throws
    {
        let strict = LimitSamples.limit(key: [KeyPart(.header("x-app"))])
        let lenient = LimitSamples.limit(key: [KeyPart(.header("x-app"), exemptsMissing: true)])
        let (none, empty) = (LimitSamples.request(), LimitSamples.request(headers: ["x-app": ""]))
        #expect(try Self.checks(strict, for: none).map(\.values) == [[nil]])
        #expect(try Self.checks(strict, for: empty).map(\.values) == [[""]])
        #expect(try Self.checks(lenient, for: none).isEmpty)
        #expect(try Self.checks(lenient, for: empty).map(\.values) == [[""]])
    }

    @Test(arguments: [
        (RequestCondition(path: .prefix("/v1")), true), (RequestCondition(path: .exact("/v1")), false),
        (RequestCondition(path: .regex("/v[0-9]/.*")), true), (RequestCondition(methods: ["PUT", "GET"]), true),
        (RequestCondition(methods: ["get"]), false), (RequestCondition(hosts: [.exact("shop.example")]), true),
        (RequestCondition(hosts: [.wildcard(suffix: "example")]), true),
        (RequestCondition(hosts: [.wildcard(suffix: "shop.example")]), false),
        (RequestCondition(headers: [ValueMatch(name: "x-a", test: .exact("1"))]), true),
        (RequestCondition(headers: [ValueMatch(name: "x-a", test: .regex("[^2]"))]), true),
        (RequestCondition(headers: [ValueMatch(name: "x-b", test: .regex(".*"))]), false),
        (RequestCondition(headers: [ValueMatch(name: "x-b", test: .absent)]), true),
        (RequestCondition(headers: [ValueMatch(name: "x-a", test: .present)]), true),
        (RequestCondition(queryParameters: [ValueMatch(name: "q", test: .exact("z"))]), true),
        (RequestCondition(queryParameters: [ValueMatch(name: "r", test: .absent)]), true),
        (RequestCondition(path: .prefix("/v1"), methods: ["POST"]), false),
    ])
    func `all that a condition says must hold`(condition: RequestCondition, holds: Bool) throws {
        let request = LimitSamples.request(path: "/v1/a", query: "p=1&q=%7a", headers: ["x-a": "1"])
        let other = RequestCondition(methods: ["DELETE"])
        #expect(try Self.checks(LimitSamples.limit(conditions: [condition]), for: request).isEmpty == !holds)
        #expect(try Self.checks(LimitSamples.limit(conditions: [other, condition]), for: request).isEmpty == !holds)
    }

    @Test func `letters outside ASCII do not slip through an expression`() throws {
        let condition = RequestCondition(headers: [ValueMatch(name: "x-a", test: .regex("a.[^0-9]*"))])
        let request = LimitSamples.request(headers: ["x-a": "aéü→"])
        #expect(try Self.checks(LimitSamples.limit(conditions: [condition]), for: request).count == 1)
        #expect(!(try PathPattern("[a-z]+").matches("é")))
        #expect(try PathPattern("\\W").matches("é"))
    }

    @Test func `an exemption needs all its matches, and nothing missing matches`() throws {
        let office = KeyMatch(
            .clientAddress(ipv4Bits: 24, ipv6Bits: 64), prefixes: [IPPrefix("192.0.2.4/30")].compactMap(\.self))
        let partner = KeyMatch(.header("x-partner"), values: ["acme", ""])
        let limit = LimitSamples.limit(exemptions: [[office, partner], []])
        func isCounted(_ address: String?, _ partner: String?) throws -> Bool {
            let headers = partner.map { ["x-partner": $0] } ?? [:]
            return try !Self.checks(limit, for: LimitSamples.request(from: address, headers: headers)).isEmpty
        }
        #expect(try !isCounted("192.0.2.7", "acme"))
        #expect(try !isCounted("::ffff:192.0.2.7", ""))
        #expect(try isCounted("192.0.2.7", nil))
        #expect(try isCounted("192.0.2.8", "acme"))
        #expect(try isCounted(nil, "acme"))
    }

    @Test func `the first allowance whose matches hold takes over`() throws {
        let gold = Allowance(requests: 1000, per: .minute)
        func plan(_ name: String, _ values: [String], _ allowance: Allowance?) -> ConditionalAllowance {
            ConditionalAllowance(
                name: name, matches: [KeyMatch(.header("x-plan"), values: values)], allowance: allowance)
        }
        let limit = LimitSamples.limit(
            key: [KeyPart(.header("x-tenant"))],
            conditionalAllowances: [plan("gold", ["gold"], gold), plan("staff", ["staff", "gold"], nil)])
        func check(_ plan: String?) throws -> LimitCheck? {
            try Self.checks(limit, for: LimitSamples.request(headers: plan.map { ["x-plan": $0] } ?? [:])).first
        }
        #expect(
            try check("gold") == LimitCheck(limit: 0, values: [nil], allowanceName: "gold", allowance: gold, cost: 1))
        #expect(
            try check("staff") == LimitCheck(limit: 0, values: [nil], allowanceName: "staff", allowance: nil, cost: 1))
        #expect(try check("tin")?.allowance == limit.allowance)
        #expect(try check(nil)?.allowanceName == nil)
    }

    @Test(
        arguments: [
            ("7", 7), ("0", 0), ("", 3), (nil, 3), ("-1", 3), ("1.5", 3), ("٣", 3), ("101", 100),
            ("99999999999999999999999", 100),
        ] as [(String?, Int64)])
    func `a cost from a header is a whole number within its bounds`(value: String?, cost: Int64) throws {
        let header = HeaderCost(name: "x-cost", otherwise: 3, max: 100)
        #expect(header.cost(of: value) == cost)
        let request = LimitSamples.request(headers: value.map { ["x-cost": $0] } ?? [:])
        #expect(try Self.checks(LimitSamples.limit(cost: .requestHeader(header)), for: request).first?.cost == cost)
        #expect(try Self.checks(LimitSamples.limit(cost: .responseHeader(header)), for: request).first?.cost == 0)
    }

    @Test func `a limit keeps its place in the set when only one scope is looked at`() throws {
        let set = LimitSet(limits: [LimitSamples.limit("b"), LimitSamples.limit("a", scope: .perProxy)])
        #expect(try CompiledLimitSet(set, scope: .global).checks(for: LimitSamples.request()).map(\.limit) == [1])
        #expect(try CompiledLimitSet(set, scope: .perProxy).checks(for: LimitSamples.request()).map(\.limit) == [0])
        #expect(set.attributes() == LimitAttributes())
    }

    @Test func `a proxy is told exactly what limits look at`() {
        let limit = LimitSamples.limit(
            conditions: [
                RequestCondition(
                    path: .prefix("/a"), methods: ["GET"], hosts: [.any],
                    headers: [ValueMatch(name: "x-a", test: .present)],
                    queryParameters: [ValueMatch(name: "q", test: .present)])
            ], key: [KeyPart(.cookie("s")), KeyPart(.jwtClaim(JWTClaim(path: ["sub"], trust: .unverified)))],
            exemptions: [[KeyMatch(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))]],
            cost: .responseHeader(HeaderCost(name: "x-cost")))
        let proxy = LimitSamples.limit("other", key: [KeyPart(.header("x-b"))], scope: .perProxy)
        var expected = LimitAttributes()
        expected.path = true
        expected.method = true
        expected.host = true
        expected.query = true
        expected.clientAddress = true
        expected.headers = ["x-a", "cookie", "authorization"]
        expected.responseHeaders = ["x-cost"]
        #expect(LimitSet(limits: [limit, proxy]).attributes(scope: .global) == expected)
        expected.headers.insert("x-b")
        #expect(LimitSet(limits: [limit, proxy]).attributes() == expected)
    }

    @Test func `a set with an expression that cannot be read is refused whole`() {
        let bad = LimitSamples.limit(conditions: [RequestCondition(path: .regex("("))])
        #expect(throws: PathPattern.Failure.self) { try CompiledLimitSet(LimitSet(limits: [bad])) }
    }

    @Test func `evaluation survives any request`() throws {
        var random = RandomLimits(seed: 7)
        for _ in 0..<300 {
            let compiled = try CompiledLimitSet(random.set())
            let request = LimitedRequest(
                clientAddress: random.pick([nil, .v4(1, 2, 3, 4)]), method: random.text(), host: random.text(),
                path: random.text(), query: random.text() + "&%=%&=&%4&\(random.text())=",
                headers: [random.text(): random.text(), "cookie": ";=;\(random.text())=\(random.text());a"])
            let checks = compiled.checks(for: request) { _, token in token }
            #expect(checks.count <= compiled.set.limits.count)
            for check in checks {
                #expect(check.values.count == compiled.set.limits[check.limit].key.count)
                #expect(check.cost >= 0)
            }
            #expect(compiled.verdicts(for: request) { _, token in token }.count == compiled.set.limits.count)
        }
    }
}
