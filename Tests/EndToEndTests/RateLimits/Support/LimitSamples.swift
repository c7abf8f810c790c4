import TrafficPlan

extension RateLimit {
    /// A limit with little in it; no tokens come back while a test runs.
    static func sample(
        _ name: String = "limit", _ requests: Int64 = 2, per period: Allowance.Period = .month,
        conditions: [RequestCondition] = [], key: [KeyPart] = [], allowances: [ConditionalAllowance] = [],
        exemptions: [[KeyMatch]] = [], cost: Cost = .fixed(1), scope: Scope = .global, mode: Mode = .enforce,
        answer: LimitAnswer = LimitAnswer(), whenLimiterFails: FailureMode = .allow
    ) -> RateLimit {
        RateLimit(
            name: RateLimitName(namespace: "test", policy: "policy", limit: name), conditions: conditions, key: key,
            allowance: Allowance(requests: requests, per: period), conditionalAllowances: allowances,
            exemptions: exemptions, cost: cost, scope: scope, mode: mode, answer: answer,
            whenLimiterFails: whenLimiterFails,
            origin: Origin(kind: "RateLimitPolicy", namespace: "test", name: "policy"))
    }
}
