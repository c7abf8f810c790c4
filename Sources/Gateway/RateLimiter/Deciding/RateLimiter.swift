package import Logging
import Synchronization
package import TrafficPlan

/// Counts requests by the limit sets it was given.
///
/// Proxies name the set they were configured with; a set stays here until it is removed, so that during a change old and
/// new are both understood. Counters belong to limits (namespace, policy, name), not to sets: a change of a set loses no
/// count, and a changed allowance carries over what was used.
///
/// Only limits of scope `global` are looked at; proxies keep the others themselves.
package final class RateLimiter: Sendable {
    package let counters: any CounterStore
    let tokens: TokenReader
    let logger: Logger
    let now: @Sendable () -> Int64
    let metrics: LimiterMetrics
    private let state = Mutex(InstalledSets())
    private let usageToldAt = Atomic<Int64>(.min)
    private let bites: AsyncStream<RateLimitName>.Continuation

    /// Each limit when it first refuses a request (or, in shadow, would), once; for one reader.
    package let firstRefusals: AsyncStream<RateLimitName>

    package init(
        counters: any CounterStore, tokens: TokenReader = TokenReader(),
        logger: Logger = Logger(label: "fairway.ratelimiter"),
        now: @escaping @Sendable () -> Int64 = { MonotonicTime.now() }
    ) {
        self.counters = counters
        self.tokens = tokens
        self.logger = logger
        self.now = now
        metrics = LimiterMetrics(store: counters.kind)
        (firstRefusals, bites) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    /// Replaces whatever `id` named before. Where other sets have one of its limits in another form, the allowances of this
    /// one are in force for all of them, until it is removed.
    package func install(_ set: LimitSet, as id: LimitSetID) throws(PathPattern.Failure) {
        let compiled = try CompiledLimitSet(set, scope: .global)
        let verifiers = tokens.verifiers(of: compiled.claims)
        state.withLock { sets in
            let count = sets.ledgerCount
            sets.install(compiled, verifiers, as: id, counters: counters) { newLedger($0, count: count) }
        }
    }

    package func remove(_ id: LimitSetID) { state.withLock { $0.remove(id, counters: counters) } }

    package var installed: Set<LimitSetID> { state.withLock { Set($0.sets.keys) } }

    func set(_ id: LimitSetID) -> PreparedSet? { state.withLock { $0[id] } }

    func ledger(of limit: RateLimitName) -> LimitLedger? { state.withLock { $0.ledger(of: limit) } }

    var ledgers: [LimitLedger] { state.withLock { $0.ledgers }.sorted { $0.name < $1.name } }

    /// Every few seconds, while there are requests.
    func tellUsage(at now: Int64) {
        let last = usageToldAt.load(ordering: .relaxed)
        guard last == .min || now - last > Self.usageInterval, let usage = counters.usage else { return }
        let exchange = usageToldAt.compareExchange(expected: last, desired: now, ordering: .relaxed)
        if exchange.exchanged { metrics.uses(usage) }
    }

    private static let usageInterval: Int64 = 5_000_000_000

    private func newLedger(_ limit: RateLimit, count: Int) -> LimitLedger {
        LimitLedger(limit, isNamedInMetrics: count < LimiterMetrics.mostLimits) { [bites] in bites.yield($0) }
    }
}
