import NetTypes
import TestSupport

@testable import TrafficPlan

/// Short ways to make limits, and random ones.
enum LimitSamples {
    static let origin = Origin(kind: "RateLimitPolicy", namespace: "shop", name: "api", field: "spec.limits[0]")

    static func name(_ limit: String = "per-client") -> RateLimitName {
        RateLimitName(namespace: "shop", policy: "api", limit: limit)
    }

    static func limit(
        _ name: String = "per-client", conditions: [RequestCondition] = [], key: [KeyPart] = [],
        allowance: Allowance = Allowance(requests: 10, per: .second),
        conditionalAllowances: [ConditionalAllowance] = [], exemptions: [[KeyMatch]] = [], cost: Cost = .fixed(1),
        scope: RateLimit.Scope = .global
    ) -> RateLimit {
        RateLimit(
            name: self.name(name), conditions: conditions, key: key, allowance: allowance,
            conditionalAllowances: conditionalAllowances, exemptions: exemptions, cost: cost, scope: scope,
            origin: origin)
    }

    static func request(
        from address: String? = "192.0.2.7", method: String = "GET", host: String = "shop.example",
        path: String = "/", query: String = "", headers: [String: String] = [:]
    ) -> LimitedRequest {
        LimitedRequest(
            clientAddress: address.flatMap { IPAddress($0) }, method: method, host: host, path: path, query: query,
            headers: headers)
    }
}

/// Random limits with everything in them that a limit may have.
struct RandomLimits {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    mutating func some<Value>(_ make: (inout RandomLimits) -> Value) -> [Value] {
        (0..<below(3)).map { _ in make(&self) }
    }

    mutating func text() -> String {
        pick(["", "a", "x-plan", "gold", "/a/b", "ünï→", "\"quoted\"", "a\\b", "\u{0}\n", "null", "1e5", "{}"])
    }

    mutating func set() -> LimitSet {
        LimitSet(
            limits: some { $0.limit() } + [limit()],
            replaced: some { random in
                ReplacedLimit(
                    name: LimitSamples.name(random.text()), by: LimitSamples.name(random.text()),
                    reason: random.pick([.narrower, .override, .older]), origin: LimitSamples.origin)
            })
    }

    mutating func limit() -> RateLimit {
        RateLimit(
            name: RateLimitName(namespace: text(), policy: text(), limit: text()), conditions: some { $0.condition() },
            key: some { KeyPart($0.source(), exemptsMissing: $0.pick([true, false])) }, allowance: allowance(),
            conditionalAllowances: some { random in
                ConditionalAllowance(
                    name: random.text(), matches: random.some { $0.match() },
                    allowance: random.pick([nil, random.allowance()]))
            }, exemptions: some { $0.some { $0.match() } }, cost: cost(), scope: pick([.global, .perProxy]),
            mode: pick([.enforce, .shadow]),
            answer: LimitAnswer(
                status: pick([429, 503]), body: text(), contentType: text(),
                headers: some { Request.Header(name: $0.text(), value: $0.text()) },
                tellsBudget: pick([true, false]), tellsRetryAfter: pick([true, false])),
            whenLimiterFails: pick([.allow, .deny]), origin: LimitSamples.origin)
    }

    mutating func allowance() -> Allowance {
        Allowance(
            requests: Int64(below(1_000_000_001)), per: pick(Allowance.Period.allCases),
            burst: Int64(below(1_000_000_001)))
    }

    mutating func condition() -> RequestCondition {
        RequestCondition(
            path: pick([nil, .exact(text()), .prefix("/a"), .regex("/[a-z]+")]), methods: some { $0.text() },
            hosts: some { $0.pick([.any, .exact("a.example"), .wildcard(suffix: "example")]) },
            headers: some { $0.valueMatch() }, queryParameters: some { $0.valueMatch() })
    }

    mutating func valueMatch() -> ValueMatch {
        ValueMatch(name: text(), test: pick([.exact(text()), .regex("[a-z]*"), .present, .absent]))
    }

    mutating func source() -> KeyPart.Source {
        pick([
            .clientAddress(ipv4Bits: below(33), ipv6Bits: below(129)), .header(text()), .cookie(text()),
            .queryParameter(text()), .method, .host, .path, .pathSegment(below(9)),
            .jwtClaim(JWTClaim(path: some { $0.text() }, header: text(), trust: .unverified)),
            .jwtClaim(
                JWTClaim(
                    path: [text()],
                    trust: .verified(
                        keySet: "{\"keys\":[]}", issuer: pick([nil, text()]), audiences: some { $0.text() })
                )),
        ])
    }

    mutating func match() -> KeyMatch {
        KeyMatch(
            source(), values: some { $0.text() },
            prefixes: some { random in
                let address = IPAddress(bytes: (0..<random.pick([4, 16])).map { _ in UInt8(random.below(256)) })
                return IPPrefix(address ?? .v4(0, 0, 0, 0), length: random.below(33)) ?? IPPrefix(.v4(0, 0, 0, 0))
            })
    }

    mutating func cost() -> Cost {
        let header = HeaderCost(name: text(), otherwise: Int64(below(100)), max: Int64(below(1000)))
        return pick([.fixed(Int64(below(100))), .requestHeader(header), .responseHeader(header)])
    }
}
