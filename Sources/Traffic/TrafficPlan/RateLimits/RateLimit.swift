/// Which limit of which policy; counters, metrics and people know it by this.
package struct RateLimitName: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package var namespace: String
    package var policy: String
    package var limit: String

    package init(namespace: String, policy: String, limit: String) {
        self.namespace = namespace
        self.policy = policy
        self.limit = limit
    }

    package var description: String { "\(namespace)/\(policy)/\(limit)" }

    package static func < (a: RateLimitName, b: RateLimitName) -> Bool {
        (a.namespace, a.policy, a.limit) < (b.namespace, b.policy, b.limit)
    }
}

/// How often which requests may come, and what those that come too often hear.
package struct RateLimit: Hashable, Sendable, Codable {
    package enum Scope: String, Hashable, Sendable, Codable {
        /// One budget over all proxies, held by the limiter.
        case global
        /// One budget in each proxy, held by the proxy itself.
        case perProxy
    }

    package enum Mode: String, Hashable, Sendable, Codable {
        case enforce
        /// Counted and told of, never refused.
        case shadow
    }

    package enum FailureMode: String, Hashable, Sendable, Codable {
        case allow
        case deny
    }

    package var name: RateLimitName
    /// Any of these must hold; empty: every request.
    package var conditions: [RequestCondition]
    /// Each different combination of values has its own budget; empty: one for all.
    package var key: [KeyPart]
    package var allowance: Allowance
    /// The first whose matches hold takes the place of `allowance`.
    package var conditionalAllowances: [ConditionalAllowance]
    /// A request for which all matches of one of these hold is not counted.
    package var exemptions: [[KeyMatch]]
    package var cost: Cost
    package var scope: Scope
    package var mode: Mode
    package var answer: LimitAnswer
    package var whenLimiterFails: FailureMode
    package var origin: Origin

    package init(
        name: RateLimitName, conditions: [RequestCondition] = [], key: [KeyPart] = [], allowance: Allowance,
        conditionalAllowances: [ConditionalAllowance] = [], exemptions: [[KeyMatch]] = [],
        cost: Cost = .fixed(1), scope: Scope = .global, mode: Mode = .enforce, answer: LimitAnswer = LimitAnswer(),
        whenLimiterFails: FailureMode = .allow, origin: Origin
    ) {
        self.name = name
        self.conditions = conditions
        self.key = key
        self.allowance = allowance
        self.conditionalAllowances = conditionalAllowances
        self.exemptions = exemptions
        self.cost = cost
        self.scope = scope
        self.mode = mode
        self.answer = answer
        self.whenLimiterFails = whenLimiterFails
        self.origin = origin
    }
}

/// A token bucket: it holds `burst` tokens, and `requests` of them come back, evenly spread, every `period`.
package struct Allowance: Hashable, Sendable, Codable {
    /// A day is 24 hours, a month 30 days.
    package enum Period: String, Hashable, Sendable, Codable, CaseIterable {
        case second, minute, hour, day, month

        package var seconds: Int64 {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3_600
            case .day: 86_400
            case .month: 30 * 86_400
            }
        }
    }

    /// 0...1,000,000,000; with 0 nothing passes.
    package var requests: Int64
    package var period: Period
    /// At least 1 where `requests` is; at most 1,000,000,000.
    package var burst: Int64

    package init(requests: Int64, per period: Period, burst: Int64? = nil) {
        self.requests = requests
        self.period = period
        self.burst = burst ?? requests
    }
}

package struct ConditionalAllowance: Hashable, Sendable, Codable {
    package var name: String
    /// All must hold; never empty.
    package var matches: [KeyMatch]
    /// `nil`: counted, never refused.
    package var allowance: Allowance?

    package init(name: String, matches: [KeyMatch], allowance: Allowance?) {
        self.name = name
        self.matches = matches
        self.allowance = allowance
    }
}

/// What a request takes from its budget.
package enum Cost: Hashable, Sendable, Codable {
    case fixed(Int64)
    case requestHeader(HeaderCost)
    /// Passes while anything is left; charged when the answer has come.
    case responseHeader(HeaderCost)
}

package struct HeaderCost: Hashable, Sendable, Codable {
    /// Lower case.
    package var name: String
    /// Where the header is absent or no number.
    package var otherwise: Int64
    package var max: Int64

    package init(name: String, otherwise: Int64 = 1, max: Int64 = 1_000_000) {
        self.name = name
        self.otherwise = otherwise
        self.max = max
    }
}

/// What a refused request hears.
package struct LimitAnswer: Hashable, Sendable, Codable {
    package var status: UInt16
    package var body: String
    package var contentType: String
    package var headers: [Request.Header]
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), on passed requests too.
    package var tellsBudget: Bool
    /// `Retry-After` (RFC 9110, section 10.2.3), seconds.
    package var tellsRetryAfter: Bool

    package init(
        status: UInt16 = 429, body: String = "", contentType: String = "text/plain",
        headers: [Request.Header] = [], tellsBudget: Bool = true, tellsRetryAfter: Bool = true
    ) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.headers = headers
        self.tellsBudget = tellsBudget
        self.tellsRetryAfter = tellsRetryAfter
    }
}
