import KubernetesModel
import Yams

/// Policies in which every field stands, and pieces of them.
enum Samples {
    static let limit = """
        name: per-client
        when:
        - path: {type: PathPrefix, value: /api}
          methods: [GET, POST]
          hosts: [shop.example.com, "*.example.org"]
          headers: [{type: Exact, name: x-plan, value: gold}]
          queryParams: [{type: RegularExpression, name: q, value: "a.*"}]
        key:
        - {type: ClientAddress, ipv4PrefixLength: 24, ipv6PrefixLength: 56, missing: Count}
        - {type: PathSegment, index: 1, missing: Exempt}
        - {type: JWTClaim, name: sub, missing: Count, jwt: {header: authorization, jwks: '{"keys":[]}', issuer: i, audiences: [a]}}
        - {type: JWTClaim, name: tenant, missing: Count, jwt: {header: x-token, unverified: true}}
        allow: {requests: 100, per: Minute, burst: 20}
        allowances:
        - {name: gold, match: [{part: {type: Header, name: x-plan}, values: [gold]}], allow: {requests: 1000, per: Hour, burst: 10}}
        - {name: own, match: [{part: {type: ClientAddress, ipv4PrefixLength: 32, ipv6PrefixLength: 64}, cidrs: [10.0.0.0/8], values: [192.0.2.1]}], unlimited: true}
        exemptions:
        - match: [{part: {type: Cookie, name: staff}, values: ["1"]}]
        cost: {fixed: 2}
        scope: Global
        mode: Shadow
        answer:
          status: 503
          body: later
          contentType: text/plain
          headers: [{name: x-why, value: limit}]
          rateLimitHeaders: None
          retryAfter: false
        onLimiterFailure: Deny
        """

    static func limit(named name: String, cost: String = "") throws -> JSONValue {
        var limit = try json(limit)
        limit["name"] = .string(name)
        if !cost.isEmpty { limit["cost"] = try json(cost) }
        return limit
    }

    static let status = """
        ancestors:
        - ancestorRef: {group: networking.k8s.io, kind: Ingress, namespace: default, name: web, sectionName: http}
          controllerName: fairway.dev/ingress
          conditions:
          - {type: Accepted, status: "True", reason: Accepted, message: fine, observedGeneration: 1, lastTransitionTime: "2026-01-02T03:04:05Z"}
        """

    static func policy(_ kind: ResourceKind, spec: JSONValue) throws -> JSONValue {
        [
            "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
            "metadata": ["name": "p", "namespace": "default"], "spec": spec,
        ]
    }

    static let targets: JSONValue = [
        ["group": "", "kind": "Service", "name": "web", "sectionName": "http"],
        ["group": "networking.k8s.io", "kind": "Ingress", "name": "web"],
    ]

    static func json(_ yaml: String) throws -> JSONValue { value(try Yams.load(yaml: yaml)) }

    private static func value(_ any: Any?) -> JSONValue {
        switch any {
        case let value as Bool: .bool(value)
        case let value as Int: .integer(Int64(value))
        case let value as Double: .double(value)
        case let value as String: .string(value)
        case let value as [Any]: .array(value.map(self.value))
        case let value as [AnyHashable: Any]:
            .object(
                Dictionary(
                    value.map { ("\($0.key)", self.value($0.value)) }, uniquingKeysWith: { _, last in last }))
        default: .null
        }
    }
}
