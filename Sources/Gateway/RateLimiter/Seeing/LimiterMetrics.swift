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
    private let keys: Gauge
    private let bytes: Gauge
    private let evictions: Gauge
    private let overflows: Gauge

    init(store: String) {
        durations = Timer(label: "fairway_ratelimit_decision_duration", dimensions: [("store", store)])
        failures = Self.counters("fairway_ratelimit_store_failures_total", store)
        lost = Self.counters("fairway_ratelimit_lost_charges_total", store)
        let dimensions = [("store", store)]
        keys = Gauge(label: "fairway_ratelimit_keys", dimensions: dimensions)
        bytes = Gauge(label: "fairway_ratelimit_counter_bytes", dimensions: dimensions)
        evictions = Gauge(label: "fairway_ratelimit_evicted_keys", dimensions: dimensions)
        overflows = Gauge(label: "fairway_ratelimit_overflow_decisions", dimensions: dimensions)
    }

    func decided(nanoseconds: Int64) { durations.recordNanoseconds(nanoseconds) }

    func uses(_ usage: CounterUsage) {
        keys.record(usage.keys)
        bytes.record(usage.bytes)
        evictions.record(usage.evictions)
        overflows.record(usage.overflows)
    }

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
