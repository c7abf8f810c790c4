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
    private let state = Mutex(State())
    private let bites: AsyncStream<RateLimitName>.Continuation

    /// Each limit when it first refuses a request (or, in shadow, would), once; for one reader.
    package let firstRefusals: AsyncStream<RateLimitName>

    private struct State {
        var sets: [LimitSetID: PreparedSet] = [:]
        var ledgers: [RateLimitName: LimitLedger] = [:]
    }

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

    /// Replaces whatever `id` named before.
    package func install(_ set: LimitSet, as id: LimitSetID) throws(PathPattern.Failure) {
        let compiled = try CompiledLimitSet(set, scope: .global)
        let verifiers = tokens.verifiers(of: compiled.claims)
        state.withLock { state in
            let limits = set.limits.enumerated().filter { $1.scope == .global }.map { index, limit in
                let ledger = state.ledgers[limit.name] ?? newLedger(limit, count: state.ledgers.count)
                state.ledgers[limit.name] = ledger
                ledger.redefine(limit)
                return PreparedLimit(limit, index: index, counters: counters, ledger: ledger)
            }
            state.sets[id] = PreparedSet(compiled: compiled, limits: limits, tokens: verifiers)
            dropUnusedLedgers(&state)
        }
    }

    package func remove(_ id: LimitSetID) {
        state.withLock { state in
            guard state.sets.removeValue(forKey: id) != nil else { return }
            dropUnusedLedgers(&state)
        }
    }

    package var installed: Set<LimitSetID> { state.withLock { Set($0.sets.keys) } }

    func set(_ id: LimitSetID) -> PreparedSet? { state.withLock { $0.sets[id] } }

    func ledger(of limit: RateLimitName) -> LimitLedger? { state.withLock { $0.ledgers[limit] } }

    var ledgers: [LimitLedger] { state.withLock { $0.ledgers.values.sorted { $0.name < $1.name } } }

    private func newLedger(_ limit: RateLimit, count: Int) -> LimitLedger {
        LimitLedger(limit, isNamedInMetrics: count < LimiterMetrics.mostLimits) { [bites] in bites.yield($0) }
    }

    private func dropUnusedLedgers(_ state: inout State) {
        let used = Set(state.sets.values.flatMap { $0.limits.map(\.limit.name) })
        for (name, ledger) in state.ledgers where !used.contains(name) {
            ledger.retire()
            state.ledgers[name] = nil
        }
    }
}
