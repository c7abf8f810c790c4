/// Where counters are kept.
package protocol CounterStore: Sendable {
    var hashing: KeyHashing { get }
    var allowances: AllowanceTable { get }

    /// `memory` or `redis`, for metrics.
    var kind: String { get }

    /// Decides over all charges of one request at once: either every enforced one passes, and all are taken, or none of
    /// the enforced ones is. Those of shadow limits are taken where they pass, whatever the others say.
    /// As many readings as charges, in their order.
    func decide(_ charges: [CounterCharge]) async -> [CounterReading]

    /// Takes what is due whatever is left; keys may go below zero.
    func settle(_ debts: [CounterDebt]) async throws(CounterFailure)

    /// What these keys have left; `nil`: nothing was taken from that key, or it has filled up again.
    func read(_ counters: [CounterReference]) async throws(CounterFailure) -> [GCRA.Budget?]

    /// `nil` where counters are elsewhere.
    var usage: CounterUsage? { get }

    /// Fills a key's bucket. False where it was full.
    func reset(_ key: CounterKey) async throws(CounterFailure) -> Bool
}

/// What counters in this process take.
package struct CounterUsage: Hashable, Sendable {
    package var keys: Int
    package var bytes: Int
    /// Keys forgotten though their buckets were not full.
    package var evictions: Int
    /// Decisions made on a limit's common budget.
    package var overflows: Int
}

package struct CounterReference: Sendable {
    package var key: CounterKey
    package var allowance: MeteredAllowance

    package init(key: CounterKey, allowance: MeteredAllowance) {
        self.key = key
        self.allowance = allowance
    }
}

/// What one limit wants to take for one request.
package struct CounterCharge: Sendable {
    package enum Kind: Hashable, Sendable {
        /// Refuses the request where it does not pass.
        case enforced
        /// Only tells.
        case shadow
    }

    package var counter: CounterReference
    /// The limit's common budget for keys that find no place.
    package var overflow: CounterKey
    package var kind: Kind
    package var cost: Int64
    /// The response tells the cost: passes while a token is left, and takes nothing.
    package var isDeferred: Bool
    /// Where nobody can count, the request is refused.
    package var refusesOnFailure: Bool

    package init(
        counter: CounterReference, overflow: CounterKey, kind: Kind = .enforced, cost: Int64 = 1,
        isDeferred: Bool = false, refusesOnFailure: Bool = false
    ) {
        self.counter = counter
        self.overflow = overflow
        self.kind = kind
        self.cost = max(cost, 0)
        self.isDeferred = isDeferred
        self.refusesOnFailure = refusesOnFailure
    }

    /// What must be there for the request to pass.
    var needed: Int64 { isDeferred ? 1 : cost }
}

/// What a response turned out to cost.
package struct CounterDebt: Sendable {
    package var counter: CounterReference
    package var cost: Int64

    package init(counter: CounterReference, cost: Int64) {
        self.counter = counter
        self.cost = max(cost, 0)
    }
}

package enum CounterReading: Hashable, Sendable {
    /// `budget` in nanoseconds.
    case counted(isAllowed: Bool, budget: GCRA.Budget)
    case failed(CounterFailure)
}

/// Why nobody could count. What happens to the request is what its limit says (`whenLimiterFails`).
package enum CounterFailure: String, Error, Hashable, Sendable, CaseIterable {
    /// No connection to the store.
    case unreachable
    /// The store did not answer in time; it may have counted.
    case timedOut = "timed_out"
    /// The store has no memory left.
    case full
    /// More requests wait for the store than may.
    case overloaded
    /// The store answered something else; see the log.
    case refused
}
