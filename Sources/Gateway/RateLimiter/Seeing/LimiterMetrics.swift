import CoreMetrics
import Metrics
import TrafficPlan

/// `fairway_ratelimit_*`. Labels are names of policies and limits, never values of requests.
struct LimiterMetrics: Sendable {
    /// Limits beyond this many share one series.
    static let mostLimits = 1000

    private let durations: Timer
    private let failures: [CounterFailure: Counter]
    private let lost: [CounterFailure: Counter]

    init(store: String) {
        durations = Timer(label: "fairway_ratelimit_decision_duration", dimensions: [("store", store)])
        failures = Self.counters("fairway_ratelimit_store_failures_total", store)
        lost = Self.counters("fairway_ratelimit_lost_charges_total", store)
    }

    func decided(nanoseconds: Int64) { durations.recordNanoseconds(nanoseconds) }

    func failed(_ failure: CounterFailure) { failures[failure]?.increment() }

    func lostCharge(_ failure: CounterFailure) { lost[failure]?.increment() }

    /// `nil`: one of too many limits.
    static func decisions(of limit: RateLimitName?, _ outcome: LimitDecision.Outcome) -> Counter {
        Counter(
            label: "fairway_ratelimit_decisions_total",
            dimensions: [
                ("namespace", limit?.namespace ?? ""), ("policy", limit?.policy ?? "other"),
                ("limit", limit?.limit ?? "other"), ("outcome", outcome.rawValue),
            ])
    }

    private static func counters(_ label: String, _ store: String) -> [CounterFailure: Counter] {
        Dictionary(
            uniqueKeysWithValues: CounterFailure.allCases.map { failure in
                (failure, Counter(label: label, dimensions: [("store", store), ("reason", failure.rawValue)]))
            })
    }
}
