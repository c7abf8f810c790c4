import KubernetesModel
import Testing

@testable import LocalCluster

/// Every rule of the schemas: what breaks it is refused with words that help, its good twin passes.
@Suite struct RuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var bad: String
        var good: String
        var field: String
        var message: String
        var testDescription: String { "\(bad) → \(message)" }
    }

    /// In place of members of a limit.
    static let limitCases: [Case] = [
        Case(
            bad: "{scope: PerProxy, cost: {responseHeader: {name: x-used}}}",
            good: "{cost: {responseHeader: {name: x-used}}}", field: "spec.limits[0].scope",
            message: "a cost from a header needs scope Global"),
        Case(
            bad: "{scope: PerProxy, cost: {requestHeader: {name: x-used}}}",
            good: "{scope: PerProxy, cost: {fixed: 2}}", field: "spec.limits[0].scope",
            message: "a cost from a header needs scope Global"),
        Case(
            bad: "{scope: PerProxy, key: [{type: JWTClaim, name: sub, jwt: {unverified: true}}]}",
            good: "{key: [{type: JWTClaim, name: sub, jwt: {unverified: true}}]}", field: "spec.limits[0].scope",
            message: "a JWTClaim in key needs scope Global"),
        Case(
            bad:
                "{scope: PerProxy, exemptions: [{match: [{part: {type: JWTClaim, name: sub, jwt: {unverified: true}}, values: [a]}]}]}",
            good: "{scope: PerProxy, exemptions: [{match: [{part: {type: Header, name: a}, values: [a]}]}]}",
            field: "spec.limits[0].scope", message: "a JWTClaim in exemptions needs scope Global"),
        Case(
            bad:
                "{scope: PerProxy, allowances: [{name: a, unlimited: true, match: [{part: {type: JWTClaim, name: sub, jwt: {unverified: true}}, values: [a]}]}]}",
            good:
                "{scope: PerProxy, allowances: [{name: a, unlimited: true, match: [{part: {type: Header, name: a}, values: [a]}]}]}",
            field: "spec.limits[0].scope", message: "a JWTClaim in allowances needs scope Global"),
        Case(
            bad: "{cost: {fixed: 11}}", good: "{cost: {fixed: 10}}", field: "spec.limits[0].cost",
            message: "no request could ever pass: it costs more than the burst"),
        Case(
            bad: "{allow: {requests: 10, per: Second, burst: 5}, cost: {fixed: 6}}",
            good: "{allow: {requests: 10, per: Second, burst: 6}, cost: {fixed: 6}}", field: "spec.limits[0].cost",
            message: "no request could ever pass"),
        Case(
            bad: "{allow: {requests: 0, per: Second, burst: 5}}", good: "{allow: {requests: 0, per: Second}}",
            field: "spec.limits[0].allow.burst", message: "where requests is 0 nothing passes"),
        Case(
            bad: "{allow: {requests: 5, per: Second, burst: 0}}", good: "{allow: {requests: 5, per: Second, burst: 1}}",
            field: "spec.limits[0].allow.burst", message: "should be greater than or equal to 1"),
        Case(
            bad: "{allow: {requests: 5, per: Fortnight}}", good: "{allow: {requests: 5, per: Month}}",
            field: "spec.limits[0].allow.per", message: "supported values"),
        Case(
            bad: "{cost: {fixed: 1, requestHeader: {name: a}}}", good: "{cost: {requestHeader: {name: a}}}",
            field: "spec.limits[0].cost", message: "give exactly one of fixed, requestHeader and responseHeader"),
        Case(
            bad: "{cost: {}}", good: "{cost: {fixed: 1}}", field: "spec.limits[0].cost",
            message: "give exactly one of fixed"),
        Case(
            bad: "{cost: {responseHeader: {name: a, default: 5, max: 4}}}",
            good: "{cost: {responseHeader: {name: a, default: 4, max: 4}}}",
            field: "spec.limits[0].cost.responseHeader", message: "default must not be above max"),
        Case(
            bad: "{cost: {responseHeader: {name: 'a b'}}}", good: "{cost: {responseHeader: {name: a-b}}}",
            field: "spec.limits[0].cost.responseHeader.name", message: "should match"),
        Case(bad: "{name: Bad_Name}", good: "{name: good-name}", field: "spec.limits[0].name", message: "should match"),
        Case(
            bad:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], allow: {requests: 1, per: Day}, unlimited: true}]}",
            good:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], allow: {requests: 1, per: Day}}]}",
            field: "spec.limits[0].allowances[0]", message: "give exactly one of allow and unlimited: true"),
        Case(
            bad: "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: false}]}",
            good: "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: true}]}",
            field: "spec.limits[0].allowances[0]", message: "give exactly one of allow and unlimited: true"),
        Case(
            bad:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: true}, {name: a, match: [{part: {type: Host}, values: [y]}], unlimited: true}]}",
            good:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: true}, {name: b, match: [{part: {type: Host}, values: [y]}], unlimited: true}]}",
            field: "spec.limits[0].allowances", message: "the same name stands twice"),
        Case(
            bad:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: true}, {name: b, match: [{part: {type: Host}, values: [x]}], allow: {requests: 1, per: Day}}]}",
            good:
                "{allowances: [{name: a, match: [{part: {type: Host}, values: [x]}], unlimited: true}, {name: b, match: [{part: {type: Path}, values: [x]}], allow: {requests: 1, per: Day}}]}",
            field: "spec.limits[0].allowances", message: "an allowance can never be reached"),
        Case(
            bad: "{allowances: [{name: a, match: [], unlimited: true}]}",
            good: "{allowances: [{name: a, match: [{part: {type: Method}, values: [GET]}], unlimited: true}]}",
            field: "spec.limits[0].allowances[0].match", message: "1 to 4 items"),
        Case(
            bad: "{key: [{type: Header}]}", good: "{key: [{type: Header, name: x-a}]}",
            field: "spec.limits[0].key[0].name",
            message: "name belongs to a Header, Cookie, QueryParam or JWTClaim, which need it"),
        Case(
            bad: "{key: [{type: Host, name: a}]}", good: "{key: [{type: Host}]}", field: "spec.limits[0].key[0].name",
            message: "name belongs to"),
        Case(
            bad: "{key: [{type: Cookie, name: 'a=b'}]}", good: "{key: [{type: QueryParam, name: 'a=b'}]}",
            field: "spec.limits[0].key[0].name", message: "this is no name of a header or cookie"),
        Case(
            bad: "{key: [{type: PathSegment}]}", good: "{key: [{type: PathSegment, index: 0}]}",
            field: "spec.limits[0].key[0].index", message: "index belongs to a PathSegment"),
        Case(
            bad: "{key: [{type: Path, index: 0}]}", good: "{key: [{type: Path}]}", field: "spec.limits[0].key[0].index",
            message: "index belongs to a PathSegment"),
        Case(
            bad: "{key: [{type: Method, ipv4PrefixLength: 24}]}",
            good: "{key: [{type: ClientAddress, ipv4PrefixLength: 24}]}", field: "spec.limits[0].key[0]",
            message: "prefix lengths belong to a ClientAddress"),
        Case(
            bad: "{key: [{type: ClientAddress, ipv4PrefixLength: 33}]}",
            good: "{key: [{type: ClientAddress, ipv4PrefixLength: 32, ipv6PrefixLength: 128}]}",
            field: "spec.limits[0].key[0].ipv4PrefixLength", message: "less than or equal to 32"),
        Case(
            bad: "{key: [{type: JWTClaim, name: sub}]}",
            good: "{key: [{type: JWTClaim, name: sub, jwt: {unverified: true}}]}", field: "spec.limits[0].key[0].jwt",
            message: "jwt belongs to a JWTClaim, which needs it"),
        Case(
            bad: "{key: [{type: JWTClaim, name: sub, jwt: {unverified: true, jwks: x}}]}",
            good: "{key: [{type: JWTClaim, name: sub, jwt: {jwks: x, issuer: i}}]}", field: "spec.limits[0].key[0].jwt",
            message: "give exactly one of unverified: true and jwks"),
        Case(
            bad: "{key: [{type: JWTClaim, name: sub, jwt: {}}]}",
            good: "{key: [{type: JWTClaim, name: sub, jwt: {unverified: false, jwks: x}}]}",
            field: "spec.limits[0].key[0].jwt", message: "give exactly one of unverified: true and jwks"),
        Case(
            bad: "{key: [{type: JWTClaim, name: sub, jwt: {unverified: true, issuer: i}}]}",
            good: "{key: [{type: JWTClaim, name: sub, jwt: {jwks: x, audiences: [a]}}]}",
            field: "spec.limits[0].key[0].jwt", message: "issuer and audiences are only looked at"),
        Case(
            bad: "{exemptions: [{match: [{part: {type: Host}}]}]}",
            good: "{exemptions: [{match: [{part: {type: Host}, values: [a]}]}]}",
            field: "spec.limits[0].exemptions[0].match[0]", message: "give values or cidrs"),
        Case(
            bad: "{exemptions: [{match: [{part: {type: Host}, cidrs: [10.0.0.0/8]}]}]}",
            good: "{exemptions: [{match: [{part: {type: ClientAddress}, cidrs: [10.0.0.0/8, '2001:db8::/32']}]}]}",
            field: "spec.limits[0].exemptions[0].match[0].cidrs", message: "only a ClientAddress is within a CIDR"),
        Case(
            bad: "{exemptions: [{match: [{part: {type: ClientAddress}, cidrs: [10.0.0.1/8]}]}]}",
            good: "{exemptions: [{match: [{part: {type: ClientAddress}, cidrs: [10.0.0.1/32]}]}]}",
            field: "spec.limits[0].exemptions[0].match[0].cidrs[0]", message: "must be a CIDR such as"),
        Case(
            bad: "{exemptions: [{match: [{part: {type: ClientAddress}, cidrs: [somewhere]}]}]}",
            good: "{exemptions: [{match: [{part: {type: ClientAddress}, values: [10.0.0.1]}]}]}",
            field: "spec.limits[0].exemptions[0].match[0].cidrs[0]", message: "must be a CIDR such as"),
        Case(
            bad: "{when: [{}]}", good: "{when: [{methods: [GET]}]}", field: "spec.limits[0].when[0]",
            message: "an entry that says nothing holds for every request"),
        Case(
            bad: "{when: [{path: {value: api}}]}",
            good: "{when: [{path: {type: RegularExpression, value: '(/a|/b).*'}}]}",
            field: "spec.limits[0].when[0].path.value", message: "a path begins with /"),
        Case(
            bad: "{when: [{headers: [{name: a}]}]}", good: "{when: [{headers: [{name: a, value: b}]}]}",
            field: "spec.limits[0].when[0].headers[0].value", message: "Present and Absent take none"),
        Case(
            bad: "{when: [{headers: [{name: a, type: Present, value: b}]}]}",
            good: "{when: [{headers: [{name: a, type: Present}]}]}", field: "spec.limits[0].when[0].headers[0].value",
            message: "Present and Absent take none"),
        Case(
            bad: "{when: [{hosts: ['a_b']}]}", good: "{when: [{hosts: ['*.a-b.example']}]}",
            field: "spec.limits[0].when[0].hosts[0]", message: "should match"),
        Case(
            bad: "{when: [{methods: ['GET IT']}]}", good: "{when: [{methods: [PURGE]}]}",
            field: "spec.limits[0].when[0].methods[0]", message: "should match"),
        Case(
            bad: "{answer: {status: 200}}", good: "{answer: {status: 403}}", field: "spec.limits[0].answer.status",
            message: "greater than or equal to 400"),
        Case(
            bad: "{answer: {headers: [{name: Retry-After, value: '1'}]}}",
            good: "{answer: {headers: [{name: x-why, value: '1'}]}}", field: "spec.limits[0].answer.headers[0].name",
            message: "this header is written by Fairway"),
        Case(
            bad: "{answer: {headers: [{name: x-a, value: \"a\\nb\"}]}}",
            good: "{answer: {headers: [{name: x-a, value: \"a b\"}]}}", field: "spec.limits[0].answer.headers[0].value",
            message: "should match"),
        Case(
            bad: "{answer: {rateLimitHeaders: All}}", good: "{answer: {rateLimitHeaders: None}}",
            field: "spec.limits[0].answer.rateLimitHeaders", message: "supported values"),
        Case(
            bad: "{onLimiterFailure: Maybe}", good: "{onLimiterFailure: Deny}",
            field: "spec.limits[0].onLimiterFailure", message: "supported values"),
        Case(bad: "{mode: Test}", good: "{mode: Shadow}", field: "spec.limits[0].mode", message: "supported values"),
    ]

    /// In place of members of the spec.
    static let policyCases: [Case] = [
        Case(
            bad: "{defaults: {limits: [{name: b, allow: {requests: 1, per: Day}}]}}",
            good: "{overrides: {limits: [{name: b, allow: {requests: 1, per: Day}}]}}", field: "spec.limits",
            message: "limits is short for defaults.limits: give one of the two"),
        Case(
            bad: "{overrides: {limits: [{name: a, allow: {requests: 1, per: Day}}]}}",
            good: "{overrides: {limits: [{name: c, allow: {requests: 1, per: Day}}]}}", field: "spec.overrides",
            message: "names are unique within a policy"),
        Case(
            bad:
                "{limits: null, defaults: {limits: [{name: a, allow: {requests: 1, per: Day}}]}, overrides: {limits: [{name: a, allow: {requests: 1, per: Day}}]}}",
            good:
                "{limits: null, defaults: {limits: [{name: a, allow: {requests: 1, per: Day}}]}, overrides: {limits: [{name: b, allow: {requests: 1, per: Day}}]}}",
            field: "spec.overrides", message: "names are unique within a policy"),
        Case(
            bad: "{limits: null}", good: "{limits: [{name: b, allow: {requests: 1, per: Day}}]}", field: "spec",
            message: "give limits, defaults or overrides"),
        Case(
            bad: "{limits: [{name: a, allow: {requests: 1, per: Day}}, {name: a, allow: {requests: 2, per: Day}}]}",
            good: "{limits: [{name: a, allow: {requests: 1, per: Day}}, {name: b, allow: {requests: 2, per: Day}}]}",
            field: "spec.limits[1]", message: "Duplicate value"),
        Case(bad: "{limits: []}", good: "{}", field: "spec.limits", message: "1 to 16 items"),
        Case(
            bad: "{targetRefs: [{group: '', kind: Ingress, name: web}]}",
            good: "{targetRefs: [{group: networking.k8s.io, kind: Ingress, name: web}]}",
            field: "spec.targetRefs[0].kind", message: "the kind must be one of Ingress (group \"networking.k8s.io\")"),
        Case(
            bad: "{targetRefs: [{group: networking.k8s.io, kind: Ingress, name: web, sectionName: a}]}",
            good: "{targetRefs: [{group: '', kind: Service, name: web, sectionName: a}]}",
            field: "spec.targetRefs[0].sectionName", message: "only a Service has sections"),
        Case(
            bad: "{targetRefs: [{group: '', kind: Service, name: web}, {group: '', kind: Service, name: web}]}",
            good:
                "{targetRefs: [{group: '', kind: Service, name: web}, {group: '', kind: Service, name: web, sectionName: a}]}",
            field: "spec.targetRefs", message: "the same target stands twice"),
    ]

    static let clientCases: [Case] = [
        Case(
            bad: "{clientAddress: {trustedHops: 1, trustedCIDRs: [10.0.0.0/8]}}",
            good: "{clientAddress: {trustedCIDRs: [10.0.0.0/8]}}", field: "spec.clientAddress",
            message: "give exactly one of trustedHops and trustedCIDRs"),
        Case(
            bad: "{clientAddress: {}}", good: "{clientAddress: {trustedHops: 0}}", field: "spec.clientAddress",
            message: "give exactly one of trustedHops and trustedCIDRs"),
        Case(
            bad: "{clientAddress: {trustedCIDRs: [10.0.0.0]}}", good: "{clientAddress: {trustedCIDRs: ['fd00::/8']}}",
            field: "spec.clientAddress.trustedCIDRs[0]", message: "must be a CIDR such as"),
        Case(
            bad: "{clientAddress: {trustedHops: 33}}", good: "{clientAddress: {trustedHops: 32}}",
            field: "spec.clientAddress.trustedHops", message: "less than or equal to 32"),
        Case(
            bad: "{proxyProtocol: {mode: 'Off'}}", good: "{proxyProtocol: {mode: Optional}}",
            field: "spec.proxyProtocol.mode", message: "supported values"),
        Case(
            bad: "{targetRefs: [{group: networking.k8s.io, kind: Ingress, name: web}]}",
            good: "{targetRefs: [{group: networking.k8s.io, kind: IngressClass, name: web}]}",
            field: "spec.targetRefs[0].kind", message: "the kind must be one of IngressClass"),
        Case(
            bad: "{targetRefs: [{group: networking.k8s.io, kind: IngressClass, name: web, sectionName: a}]}",
            good: "{}", field: "spec.targetRefs[0].sectionName", message: "this target has no sections"),
    ]

    private func merged(_ base: JSONValue, _ change: String) throws -> JSONValue {
        var base = base
        for (key, value) in try Samples.json(change).object ?? [:] {
            base[key] = value.isNull ? JSONValue?.none : value
        }
        return base
    }

    private func check(_ item: Case, _ resource: ResourceKind, _ make: (String) throws -> JSONValue) throws {
        let refused = try errors(Samples.policy(resource, spec: make(item.bad)), resource)
        #expect(refused.map(\.field).contains(item.field), "\(refused)")
        #expect(refused.contains { $0.field == item.field && $0.detailed.contains(item.message) }, "\(refused)")
        #expect(try errors(Samples.policy(resource, spec: make(item.good)), resource) == [])
    }

    private let simple: JSONValue = ["name": "a", "allow": ["requests": 10, "per": "Second"]]

    @Test(arguments: limitCases) func `a limit that makes no sense is refused`(item: Case) throws {
        try check(item, RateLimitPolicy.resource) { change in
            ["targetRefs": Samples.targets, "limits": [try merged(simple, change)]]
        }
    }

    @Test(arguments: policyCases) func `a policy that makes no sense is refused`(item: Case) throws {
        try check(item, RateLimitPolicy.resource) { change in
            try merged(["targetRefs": Samples.targets, "limits": [simple]], change)
        }
    }

    @Test(arguments: clientCases) func `a client policy that makes no sense is refused`(item: Case) throws {
        let target: JSONValue = ["group": "networking.k8s.io", "kind": "IngressClass", "name": "fairway"]
        try check(item, ClientPolicy.resource) { change in try merged(["targetRefs": [target]], change) }
    }

    @Test func `the largest policy stays within the budget of its rules`() throws {
        let cidrs = JSONValue.array((0..<64).map { .string("10.\($0).0.0/16") })
        let matches: (Int) -> JSONValue = { index in
            [
                ["part": ["type": "Header", "name": "x"], "values": [.string("v\(index)")]],
                ["part": ["type": "ClientAddress"], "cidrs": cidrs],
            ]
        }
        let allowances = JSONValue.array(
            (0..<32).map { ["name": .string("a\($0)"), "match": matches($0), "unlimited": true] })
        let limits = JSONValue.array(
            (0..<16).map { index in
                [
                    "name": .string("l\(index)"), "allow": ["requests": 1, "per": "Day"], "allowances": allowances,
                    "exemptions": .array((0..<16).map { ["match": matches($0)] }),
                ]
            })
        let policy = try Samples.policy(
            RateLimitPolicy.resource, spec: ["targetRefs": Samples.targets, "limits": limits])
        #expect(try errors(policy, RateLimitPolicy.resource) == [])
    }
}
