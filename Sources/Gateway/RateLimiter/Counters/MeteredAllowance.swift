import Synchronization
package import TrafficPlan

/// An allowance, ready to count with on both clocks.
package final class MeteredAllowance: Sendable {
    package let allowance: Allowance
    /// For counters in memory.
    package let nanoseconds: TokenRate
    /// For counters in Redis, whose scripts have 53 bits for a number.
    package let microseconds: TokenRate
    /// Place in the table.
    package let id: UInt32

    fileprivate init(_ allowance: Allowance, id: UInt32) {
        self.allowance = allowance
        self.id = id
        nanoseconds = TokenRate(allowance, ticksPerSecond: 1_000_000_000)
        microseconds = TokenRate(allowance, ticksPerSecond: 1_000_000)
    }
}

/// Every allowance that was ever in force since the start, so that a counter can say in 32 bits which one it was kept
/// under. It grows by one for each allowance that somebody writes into a policy for the first time.
package final class AllowanceTable: Sendable {
    private struct Rows {
        var byAllowance: [Allowance: MeteredAllowance] = [:]
        var byID: [MeteredAllowance] = []
    }

    private let rows = Mutex(Rows())

    package init() {}

    package func metered(_ allowance: Allowance) -> MeteredAllowance {
        rows.withLock { rows in
            if let known = rows.byAllowance[allowance] { return known }
            let new = MeteredAllowance(allowance, id: UInt32(truncatingIfNeeded: rows.byID.count))
            rows.byAllowance[allowance] = new
            rows.byID.append(new)
            return new
        }
    }

    var all: [MeteredAllowance] { rows.withLock { $0.byID } }
}
