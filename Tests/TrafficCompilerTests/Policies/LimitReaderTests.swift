import Testing
import TrafficPlan

@testable import KubernetesModel
@testable import TrafficCompiler

/// Every word of a limit, right and wrong.
@Suite struct LimitReaderTests {
    typealias Limit = RateLimitPolicy.Limit
    typealias Part = RateLimitPolicy.KeyPart
    typealias Match = RateLimitPolicy.KeyMatch

    static func limit(_ change: (inout Limit) -> Void) -> Limit {
        var limit = Fixture.limit("x")
        change(&limit)
        return limit
    }

    static func read(_ limit: Limit) throws(LimitFault) -> RateLimit {
        try LimitReader.limit(limit, of: Fixture.name("p"), origin: .builtIn)
    }

    static func part(
        _ type: String, name: String? = nil, index: Int32? = nil, ipv4: Int32? = nil, ipv6: Int32? = nil,
        jwt: RateLimitPolicy.JWT? = nil, missing: String? = nil
    ) -> Part {
        Part(
            type: type, name: name, index: index, ipv4PrefixLength: ipv4, ipv6PrefixLength: ipv6, jwt: jwt,
            missing: missing)
    }

    static func allow(_ requests: Int64, _ per: String = "Second", burst: Int64? = nil) -> RateLimitPolicy.Allowance {
        RateLimitPolicy.Allowance(requests: requests, per: per, burst: burst)
    }

    static func when(
        path: RateLimitPolicy.PathMatch? = nil, methods: [String]? = nil, hosts: [String]? = nil,
        headers: [RateLimitPolicy.ValueMatch]? = nil, query: [RateLimitPolicy.ValueMatch]? = nil
    ) -> Limit {
        limit {
            $0.when = [.init(path: path, methods: methods, hosts: hosts, headers: headers, queryParams: query)]
        }
    }

    static func key(_ part: Part) -> Limit { limit { $0.key = [part] } }

    static func exempt(_ part: Part, values: [String]? = nil, cidrs: [String]? = nil) -> Limit {
        limit { $0.exemptions = [.init(match: [Match(part: part, values: values, cidrs: cidrs)])] }
    }

    static let keySet = "{\"keys\":[{\"kty\":\"oct\"}]}"
    static let tooMuch = LimitReader.maxAmount + 1

    static let faults: [(Limit, String)] = [
        (limit { $0.name = "" }, "name"), (limit { $0.name = "a.b" }, "name"),
        (limit { $0.name = String(repeating: "a", count: 64) }, "name"),
        (limit { $0.allow = allow(-1) }, "allow.requests"), (limit { $0.allow = allow(tooMuch) }, "allow.requests"),
        (limit { $0.allow = allow(1, "second") }, "allow.per"),
        (limit { $0.allow = allow(1, burst: 0) }, "allow.burst"),
        (limit { $0.allow = allow(1, burst: tooMuch) }, "allow.burst"),
        (limit { $0.allow = allow(0, burst: 5) }, "allow.burst"),
        (limit { $0.scope = "Local" }, "scope"), (limit { $0.mode = "shadow" }, "mode"),
        (limit { $0.onLimiterFailure = "Open" }, "onLimiterFailure"),
        (limit { $0.when = Array(repeating: .init(methods: ["GET"]), count: 65) }, "when"),
        (when(), "when[0]"), (when(path: .init(type: "Prefix", value: "/")), "when[0].path.type"),
        (when(path: .init(value: "x")), "when[0].path.value"),
        (when(path: .init(type: "Exact", value: "/a?b")), "when[0].path.value"),
        (when(path: .init(type: "RegularExpression", value: "[")), "when[0].path.value"),
        (when(methods: ["GET", "G T"]), "when[0].methods[1]"), (when(hosts: ["a_b"]), "when[0].hosts[0]"),
        (when(hosts: ["10.0.0.1"]), "when[0].hosts[0]"),
        (when(headers: [.init(name: ":path", value: "/")]), "when[0].headers[0].name"),
        (when(headers: [.init(name: "a")]), "when[0].headers[0].value"),
        (when(headers: [.init(type: "Present", name: "a", value: "b")]), "when[0].headers[0].value"),
        (when(headers: [.init(type: "Regex", name: "a", value: "b")]), "when[0].headers[0].type"),
        (when(query: [.init(name: "", value: "b")]), "when[0].queryParams[0].name"),
        (when(query: [.init(type: "RegularExpression", name: "a", value: "*")]), "when[0].queryParams[0].value"),
        (key(part("Address")), "key[0].type"), (key(part("Header")), "key[0].name"),
        (key(part("Header", name: ":path")), "key[0].name"), (key(part("Cookie", name: "a b")), "key[0].name"),
        (key(part("QueryParam")), "key[0].name"), (key(part("Method", name: "x")), "key[0].name"),
        (key(part("Path", index: 1)), "key[0].index"), (key(part("PathSegment")), "key[0].index"),
        (key(part("PathSegment", index: -1)), "key[0].index"), (key(part("Host", ipv4: 8)), "key[0].ipv4PrefixLength"),
        (key(part("ClientAddress", ipv4: 33)), "key[0].ipv4PrefixLength"),
        (key(part("ClientAddress", ipv6: 0)), "key[0].ipv6PrefixLength"),
        (key(part("Method", missing: "Skip")), "key[0].missing"), (key(part("JWTClaim", name: "sub")), "key[0].jwt"),
        (key(part("JWTClaim", name: "a..b", jwt: .init(unverified: true))), "key[0].name"),
        (key(part("JWTClaim", name: "sub", jwt: .init(unverified: true, jwks: keySet))), "key[0].jwt"),
        (key(part("JWTClaim", name: "sub", jwt: .init(unverified: false))), "key[0].jwt"),
        (key(part("JWTClaim", name: "sub", jwt: .init(jwks: "{\"keys\":[]}"))), "key[0].jwt.jwks"),
        (key(part("JWTClaim", name: "sub", jwt: .init(jwks: "keys"))), "key[0].jwt.jwks"),
        (key(part("JWTClaim", name: "sub", jwt: .init(unverified: true, issuer: "x"))), "key[0].jwt"),
        (key(part("JWTClaim", name: "sub", jwt: .init(header: "a b", unverified: true))), "key[0].jwt.header"),
        (exempt(part("Host")), "exemptions[0].match[0]"),
        (exempt(part("Host"), cidrs: ["10.0.0.0/8"]), "exemptions[0].match[0].cidrs"),
        (exempt(part("ClientAddress"), cidrs: ["10.0.0.0"]), "exemptions[0].match[0].cidrs[0]"),
        (exempt(part("ClientAddress"), values: ["x"]), "exemptions[0].match[0].values[0]"),
        (exempt(part("Host", missing: "Exempt"), values: ["a"]), "exemptions[0].match[0].part.missing"),
        (limit { $0.exemptions = [.init(match: [])] }, "exemptions[0].match"),
        (limit { $0.allowances = [.init(name: "a", match: [], allow: allow(1))] }, "allowances[0].match"),
        (
            limit { $0.allowances = [.init(name: "a", match: [.init(part: part("Host"), values: ["a"])])] },
            "allowances[0]"
        ),
        (
            limit {
                let match = [Match(part: part("Host"), values: ["a"])]
                $0.allowances = [
                    .init(name: "a", match: match, unlimited: true), .init(name: "a", match: match, unlimited: true),
                ]
            }, "allowances[1].name"
        ),
        (limit { $0.cost = .init() }, "cost"), (limit { $0.cost = .init(fixed: 0) }, "cost.fixed"),
        (limit { $0.cost = .init(fixed: 1, requestHeader: .init(name: "a")) }, "cost"),
        (limit { $0.cost = .init(fixed: 11) }, "cost.fixed"),
        (limit { $0.cost = .init(requestHeader: .init(name: "a b")) }, "cost.requestHeader.name"),
        (limit { $0.cost = .init(responseHeader: .init(name: "a", max: 0)) }, "cost.responseHeader.max"),
        (
            limit { $0.cost = .init(responseHeader: .init(name: "a", default: 2, max: 1)) },
            "cost.responseHeader.default"
        ),
        (
            limit {
                $0.scope = "PerProxy"
                $0.cost = .init(responseHeader: .init(name: "a"))
            }, "scope"
        ),
        (
            limit {
                $0.scope = "PerProxy"
                $0.key = [part("JWTClaim", name: "sub", jwt: .init(unverified: true))]
            }, "scope"
        ),
        (limit { $0.answer = .init(status: 200) }, "answer.status"),
        (limit { $0.answer = .init(body: String(repeating: "x", count: 5000)) }, "answer.body"),
        (limit { $0.answer = .init(contentType: "a\nb") }, "answer.contentType"),
        (limit { $0.answer = .init(headers: [.init(name: "Content-Length", value: "0")]) }, "answer.headers[0].name"),
        (limit { $0.answer = .init(headers: [.init(name: "x", value: "a\r\nb")]) }, "answer.headers[0].value"),
        (limit { $0.answer = .init(rateLimitHeaders: "Yes") }, "answer.rateLimitHeaders"),
    ]

    @Test(arguments: faults.indices)
    func `what cannot hold is refused with its field`(index: Int) {
        let (limit, field) = Self.faults[index]
        #expect { try Self.read(limit) } throws: { ($0 as? LimitFault)?.field == field }
    }

    @Test func `what is left out has the defaults that are documented`() throws {
        let limit = try Self.read(Fixture.limit("x", 20))
        #expect(limit.allowance == Allowance(requests: 20, per: .second, burst: 20))
        #expect(limit.scope == .global)
        #expect(limit.mode == .enforce)
        #expect(limit.whenLimiterFails == .allow)
        #expect(limit.cost == .fixed(1))
        #expect(limit.answer == LimitAnswer())
        #expect(limit.key.isEmpty && limit.conditions.isEmpty)
        let address = try Self.read(Self.key(Self.part("ClientAddress")))
        #expect(address.key == [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))])
        #expect(try Self.read(Self.limit { $0.allow = Self.allow(0) }).allowance.requests == 0)
    }

    @Test func `a claim's name leads into objects, and an escaped dot does not`() throws {
        let part = Self.part("JWTClaim", name: "a.https://x\\.y/z.c", jwt: .init(jwks: Self.keySet, audiences: ["me"]))
        let claim = JWTClaim(
            path: ["a", "https://x.y/z", "c"], trust: .verified(keySet: Self.keySet, issuer: nil, audiences: ["me"]))
        #expect(try Self.read(Self.key(part)).key == [KeyPart(.jwtClaim(claim))])
    }
}
