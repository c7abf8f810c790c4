import CoreMetrics
import Metrics
import Synchronization
import TrafficPlan

/// What has become of the requests that one limit counts.
final class LimitLedger: Sendable {
    let name: RateLimitName
    private let totals: [Atomic<Int>.Boxed]
    private let counters: [Counter]
    private let keys = Mutex(HotKeys())
    private let definition: Mutex<RateLimit>
    private let hasBitten = Atomic(false)
    private let firstRefusal: @Sendable (RateLimitName) -> Void

    init(
        _ limit: RateLimit, isNamedInMetrics: Bool, firstRefusal: @escaping @Sendable (RateLimitName) -> Void
    ) {
        name = limit.name
        definition = Mutex(limit)
        self.firstRefusal = firstRefusal
        totals = LimitDecision.Outcome.allCases.map { _ in Atomic<Int>.Boxed() }
        counters = LimitDecision.Outcome.allCases.map { outcome in
            LimiterMetrics.decisions(of: isNamedInMetrics ? limit.name : nil, outcome)
        }
    }

    /// As the newest set has it.
    var limit: RateLimit { definition.withLock { $0 } }

    func redefine(_ limit: RateLimit) { definition.withLock { $0 = limit } }

    func record(_ part: LimitDecision.Part, at now: Int64) {
        let place = part.outcome.place
        totals[place].value.wrappingAdd(1, ordering: .relaxed)
        counters[place].increment()
        let isRefused = part.outcome == .limited || part.outcome == .shadowed
        if isRefused, !hasBitten.load(ordering: .relaxed), !hasBitten.exchange(true, ordering: .relaxed) {
            firstRefusal(name)
        }
        guard let charge = part.charge, let check = part.check else { return }
        // A list of what is hot may miss a request; a request does not wait for a list.
        _ = keys.withLockIfAvailable { keys in
            keys.saw(charge.counter, check, isRefused: isRefused, at: now)
        }
    }

    func total(_ outcome: LimitDecision.Outcome) -> Int { totals[outcome.place].value.load(ordering: .relaxed) }

    var hottest: [HotKeys.Item] { keys.withLock { $0.hottest } }

    func forget(_ key: CounterKey) { keys.withLock { $0.forget(key) } }

    /// No set has the limit any more.
    func retire() { for counter in counters { counter.destroy() } }
}

extension LimitDecision.Outcome {
    fileprivate var place: Int {
        switch self {
        case .allowed: 0
        case .limited: 1
        case .shadowed: 2
        case .exempt: 3
        case .error: 4
        }
    }
}

extension Atomic where Value == Int {
    /// An atomic that an array can hold.
    final class Boxed: Sendable {
        let value = Atomic<Int>(0)
    }
}
