import Synchronization

/// Counters of this process: nothing is waited for, nothing survives a restart.
///
/// Bounded: `keys` of 43 bytes each at most, 32 of them a counter's own. What happens to newcomers when all of that is in
/// use is told at `CounterTable`; where every key is exhausted, those that find no place share one budget for each limit
/// (the *overflow*), so that a flood of names cannot open the door that one name has closed.
package final class MemoryCounters: CounterStore {
    package let hashing: KeyHashing
    package let allowances = AllowanceTable()
    package var kind: String { "memory" }

    let shards: [CounterShard]
    let overflow = Mutex(Overflow())
    let now: @Sendable () -> Int64

    struct Overflow {
        var entries: [CounterKey: CounterTable.Entry] = [:]
        var decisions = 0
    }

    /// `now`: nanoseconds of a clock that does not step.
    package init(
        keys: Int = 1_000_000, hashing: KeyHashing = .random(),
        now: @escaping @Sendable () -> Int64 = { MonotonicTime.now() }
    ) {
        self.hashing = hashing
        self.now = now
        let count = keys >= 4096 ? 32 : 1
        shards = (0..<count).map { _ in CounterShard(capacity: (keys + count - 1) / count) }
    }

    package func decide(_ charges: [CounterCharge]) -> [CounterReading] {
        if charges.count == 1 { return [decide(charges[0])] }
        let order = Set(charges.map { shard(of: $0.counter.key) }).sorted()
        return whileHolding(order[...]) { decideTogether(charges) }
    }

    package func settle(_ debts: [CounterDebt]) {
        for debt in debts {
            let shard = shards[shard(of: debt.counter.key)]
            shard.gate.withLock { _ in settle(debt, in: shard) }
        }
    }

    package func read(_ counters: [CounterReference]) -> [GCRA.Budget?] {
        counters.map { counter in
            let shard = shards[shard(of: counter.key)]
            return shard.gate.withLock { _ in
                let now = shard.advance(to: self.now())
                guard let arrival = shard.arrival(of: counter, now: now, allowances)?.arrival, arrival.ticks >= now
                else {
                    return nil
                }
                return GCRA.budget(arrival: arrival, now: now, rate: counter.allowance.nanoseconds)
            }
        }
    }

    package func reset(_ key: CounterKey) -> Bool {
        let shard = shards[shard(of: key)]
        return shard.gate.withLock { _ in
            guard let slot = shard.table.find(key) else { return false }
            let wasLive = shard.table.entries[slot].ticks >= shard.advance(to: now())
            shard.table.remove(at: slot)
            return wasLive
        }
    }

    package var usage: CounterUsage? { currentUsage }

    package var currentUsage: CounterUsage {
        var usage = overflow.withLock {
            CounterUsage(keys: $0.entries.count, bytes: 0, evictions: 0, overflows: $0.decisions)
        }
        for shard in shards {
            shard.gate.withLock { _ in
                usage.keys += shard.table.count
                usage.bytes += shard.table.bytes
                usage.evictions += shard.table.evictions
            }
        }
        return usage
    }

    func shard(of key: CounterKey) -> Int {
        Int(truncatingIfNeeded: key.high.multipliedFullWidth(by: UInt64(shards.count)).high)
    }

    /// Locks in ascending order: no two requests can wait for each other.
    private func whileHolding<Result: Sendable>(_ order: ArraySlice<Int>, _ body: () -> Result) -> Result {
        guard let first = order.first else { return body() }
        return shards[first].gate.withLock { _ in whileHolding(order.dropFirst(), body) }
    }
}

/// A table and its lock.
///
/// `@unchecked`: everything but `gate` is touched only while `gate` is held, and one request may hold several.
final class CounterShard: @unchecked Sendable {
    let gate = Mutex(())
    var table: CounterTable
    private var latest: Int64 = .min
    private var known: [MeteredAllowance] = []

    init(capacity: Int) { table = CounterTable(capacity: capacity) }

    /// The time, which for a shard never goes back, whatever the clock does.
    func advance(to now: Int64) -> Int64 {
        latest = max(latest, now)
        return latest
    }

    func rate(_ id: UInt32, _ allowances: AllowanceTable) -> TokenRate? {
        if Int(id) >= known.count { known = allowances.all }
        return Int(id) < known.count ? known[Int(id)].nanoseconds : nil
    }

    /// What is kept of a counter, carried over to the allowance now in force.
    func arrival(
        of counter: CounterReference, now: Int64, _ allowances: AllowanceTable
    ) -> (arrival: GCRA.Arrival, slot: Int)? {
        guard let slot = table.find(counter.key) else { return nil }
        let entry = table.entries[slot]
        guard entry.allowance != counter.allowance.id, let old = rate(entry.allowance, allowances) else {
            return (entry.arrival, slot)
        }
        return (GCRA.convert(entry.arrival, now: now, from: old, to: counter.allowance.nanoseconds), slot)
    }
}
