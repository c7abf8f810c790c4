import Metrics

/// Questions that could not be answered; what was decided is counted by the limiter itself.
struct ServiceMetrics: Sendable {
    enum Failure: String, CaseIterable {
        /// Not in the form that our proxies send.
        case malformed
        /// It names a limit set that was never heard of, or was dropped.
        case unknownSet = "unknown_set"
    }

    private let failures: [Failure: Counter]
    private let sets = Gauge(label: "fairway_ratelimit_limit_sets")

    init() {
        failures = Dictionary(
            uniqueKeysWithValues: Failure.allCases.map { failure in
                let label = "fairway_ratelimit_unanswered_total"
                return (failure, Counter(label: label, dimensions: [("reason", failure.rawValue)]))
            })
    }

    func failed(_ failure: Failure) { failures[failure]?.increment() }

    func holds(_ count: Int) { sets.record(count) }
}
