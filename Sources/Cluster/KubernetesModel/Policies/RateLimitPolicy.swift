/// `fairway.dev/v1alpha1` RateLimitPolicy. Words that the schema enumerates are texts here, so that an unknown one is
/// ours to report.
package struct RateLimitPolicy: PolicyObject {
    package static let resource = ResourceKind(
        group: "fairway.dev", version: "v1alpha1", kind: "RateLimitPolicy", plural: "ratelimitpolicies")

    package var metadata: ObjectMeta
    package var spec: Spec
    package var status: PolicyStatus?

    package init(metadata: ObjectMeta, spec: Spec, status: PolicyStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var targetRefs: [PolicyTargetReference]
        /// Short for `defaults.limits`; never beside it.
        package var limits: [Limit]?
        /// What a narrower policy may replace, limit by limit of the same name.
        package var defaults: LimitList?
        /// What a narrower policy may not replace.
        package var overrides: LimitList?
    }

    package struct LimitList: Codable, Hashable, Sendable {
        package var limits: [Limit]
    }

    package struct Limit: Codable, Hashable, Sendable {
        /// A DNS label, unique within the policy. Limits of several levels with one name are one limit.
        package var name: String
        /// The limit counts requests that match any of these; all requests where absent.
        package var when: [Condition]?
        /// Each different combination of these values has its own budget; absent: one budget shared by all.
        package var key: [KeyPart]?
        package var allow: Allowance
        /// Tried in order before `allow`: the first whose `match` holds gives the allowance.
        package var allowances: [ConditionalAllowance]?
        /// A request that matches any of these is not counted and not limited.
        package var exemptions: [Exemption]?
        package var cost: Cost?
        /// `Global` (default): one budget over all proxies. `PerProxy`: one in each proxy.
        package var scope: String?
        /// `Enforce` (default) or `Shadow`: count and tell, refuse nothing.
        package var mode: String?
        package var answer: Answer?
        /// When the limiter cannot answer: `Allow` (default) or `Deny`.
        package var onLimiterFailure: String?
    }

    /// All parts given must hold.
    package struct Condition: Codable, Hashable, Sendable {
        package var path: PathMatch?
        package var methods: [String]?
        /// Exact names or `*.example.com`.
        package var hosts: [String]?
        package var headers: [ValueMatch]?
        package var queryParams: [ValueMatch]?
    }

    /// `type`: `PathPrefix` (default, by element), `Exact` or `RegularExpression` (RE2, the whole path).
    package struct PathMatch: Codable, Hashable, Sendable {
        package var type: String?
        package var value: String
    }

    /// `type`: `Exact` (default), `RegularExpression` (RE2, the whole value), `Present` or `Absent`.
    package struct ValueMatch: Codable, Hashable, Sendable {
        package var type: String?
        package var name: String
        package var value: String?
    }

    /// One value that a request is known by.
    package struct KeyPart: Codable, Hashable, Sendable {
        /// `ClientAddress`, `Header`, `Cookie`, `QueryParam`, `Method`, `Host`, `Path`, `PathSegment` or `JWTClaim`.
        package var type: String
        /// Of the header, cookie, query parameter or claim (dots go into objects).
        package var name: String?
        /// Of the path segment, from 0.
        package var index: Int32?
        /// How many leading bits of an IPv4 client address count: 32 by default.
        package var ipv4PrefixLength: Int32?
        /// How many leading bits of an IPv6 client address count: 64 by default.
        package var ipv6PrefixLength: Int32?
        package var jwt: JWT?
        /// What a request without this value is: `Count` (default), counted under a value of its own, or `Exempt`.
        package var missing: String?
    }

    /// Where a claim's token stands and how far it is believed. Exactly one of `unverified: true` and `jwks`.
    package struct JWT: Codable, Hashable, Sendable {
        /// `authorization` by default; a `Bearer ` prefix is dropped.
        package var header: String?
        /// Said plainly: anyone can write any claim.
        package var unverified: Bool?
        /// RFC 7517 key set, as JSON text.
        package var jwks: String?
        package var issuer: String?
        package var audiences: [String]?
    }

    package struct Allowance: Codable, Hashable, Sendable {
        /// 0 refuses all.
        package var requests: Int64
        /// `Second`, `Minute`, `Hour`, `Day` or `Month` (30 days).
        package var per: String
        /// How many may come at once; `requests` by default.
        package var burst: Int64?
    }

    package struct ConditionalAllowance: Codable, Hashable, Sendable {
        /// Unique within the limit; shown in metrics and by `fairway limits`.
        package var name: String
        /// All must hold.
        package var match: [KeyMatch]
        /// Exactly one of `allow` and `unlimited: true`.
        package var allow: Allowance?
        package var unlimited: Bool?
    }

    package struct Exemption: Codable, Hashable, Sendable {
        /// All must hold.
        package var match: [KeyMatch]
    }

    /// Holds when the part's value is one of `values` or, for a client address, within one of `cidrs`.
    package struct KeyMatch: Codable, Hashable, Sendable {
        package var part: KeyPart
        package var values: [String]?
        package var cidrs: [String]?
    }

    /// What one request takes from its budget.
    package struct Cost: Codable, Hashable, Sendable {
        /// 1 by default.
        package var fixed: Int64?
        /// A request header that says it; only from clients or filters you trust.
        package var requestHeader: HeaderCost?
        /// A response header that says it: the request passes while any budget is left, and is charged when the
        /// answer has come.
        package var responseHeader: HeaderCost?
    }

    package struct HeaderCost: Codable, Hashable, Sendable {
        package var name: String
        /// Where the header is absent or no number: 1 by default.
        package var `default`: Int64?
        /// What more than this counts as: 1,000,000 by default.
        package var max: Int64?
    }

    package struct Answer: Codable, Hashable, Sendable {
        /// 429 by default.
        package var status: Int32?
        package var body: String?
        /// `text/plain` by default.
        package var contentType: String?
        package var headers: [Header]?
        /// `None` or `Draft` (default): `RateLimit` and `RateLimit-Policy` as the IETF draft has them.
        package var rateLimitHeaders: String?
        /// `Retry-After` in seconds on refusals: true by default.
        package var retryAfter: Bool?
    }

    package struct Header: Codable, Hashable, Sendable {
        package var name: String
        package var value: String
    }
}
