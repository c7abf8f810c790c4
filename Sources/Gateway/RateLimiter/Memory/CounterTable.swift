/// One shard's counters: an open-addressed table with linear probing, 32 bytes for a key, bounded.
///
/// A full table makes room for a newcomer, in this order: a key whose bucket has filled up again (forgetting it changes
/// nothing), else of those it looks at the one nearest to a full bucket. It never forgets an exhausted key: that would
/// give its owner a whole new budget.
struct CounterTable {
    struct Entry {
        var key: CounterKey
        var ticks: Int64
        var fraction: UInt32
        /// Place in the table of allowances; `vacant` where the slot is free.
        var allowance: UInt32

        static let vacant: UInt32 = .max
        static let free = Entry(key: CounterKey(high: 0, low: 0), ticks: 0, fraction: 0, allowance: vacant)

        var isFree: Bool { allowance == Entry.vacant }
        var arrival: GCRA.Arrival { GCRA.Arrival(ticks: ticks, fraction: Int64(fraction)) }
    }

    /// Slots looked at before an eviction gives up.
    static let sample = 64
    static let longestSearch = 512

    private(set) var entries: [Entry]
    private(set) var count = 0
    private(set) var evictions = 0
    let capacity: Int
    /// Where the next look for room begins.
    private var hand = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
        entries = Array(repeating: .free, count: Self.slots(for: min(self.capacity, 48)))
    }

    /// A quarter of the slots stays free, so that chains stay short.
    static func slots(for keys: Int) -> Int { max(keys + keys / 3 + 1, 8) }

    var bytes: Int { entries.count * MemoryLayout<Entry>.stride }

    func find(_ key: CounterKey) -> Int? {
        var slot = home(of: key)
        while !entries[slot].isFree {
            if entries[slot].key == key { return slot }
            slot = next(slot)
        }
        return nil
    }

    mutating func store(_ arrival: GCRA.Arrival, allowance: UInt32, at slot: Int) {
        entries[slot].ticks = arrival.ticks
        entries[slot].fraction = UInt32(truncatingIfNeeded: arrival.fraction)
        entries[slot].allowance = allowance
    }

    /// Room must have been made.
    mutating func insert(_ key: CounterKey, _ arrival: GCRA.Arrival, allowance: UInt32) {
        var slot = home(of: key)
        while !entries[slot].isFree { slot = next(slot) }
        entries[slot].key = key
        store(arrival, allowance: allowance, at: slot)
        count += 1
    }

    /// False where every key it looked at is exhausted.
    mutating func makeRoom(now: Int64, rates: (UInt32) -> TokenRate?) -> Bool {
        sweep(2, now: now)
        if count < capacity {
            if Self.slots(for: count + 1) > entries.count { rebuild(now: now) }
            return true
        }
        return evict(now: now, rates: rates)
    }

    /// Removes by moving the rest of the chain back, so that no tombstones are left.
    mutating func remove(at slot: Int) {
        var hole = slot
        var candidate = next(slot)
        while !entries[candidate].isFree {
            let distance = self.distance(from: home(of: entries[candidate].key), to: candidate)
            if distance >= self.distance(from: hole, to: candidate) {
                entries[hole] = entries[candidate]
                hole = candidate
            }
            candidate = next(candidate)
        }
        entries[hole] = .free
        count -= 1
    }

    private func home(of key: CounterKey) -> Int {
        Int(truncatingIfNeeded: key.low.multipliedFullWidth(by: UInt64(entries.count)).high)
    }

    private func next(_ slot: Int) -> Int { slot + 1 == entries.count ? 0 : slot + 1 }

    private func distance(from start: Int, to end: Int) -> Int {
        end >= start ? end - start : end - start + entries.count
    }
}

// Making room.
extension CounterTable {
    /// Forgets what has filled up again, a few slots at a time, so that a table does not fill with the past.
    private mutating func sweep(_ slots: Int, now: Int64) {
        for _ in 0..<slots {
            hand = next(min(hand, entries.count - 1))
            if !entries[hand].isFree, entries[hand].ticks < now { remove(at: hand) }
        }
    }

    private mutating func evict(now: Int64, rates: (UInt32) -> TokenRate?) -> Bool {
        var best: (slot: Int, used: Double)?
        var looked = 0
        while looked < (best == nil ? Self.longestSearch : Self.sample), looked < entries.count {
            looked += 1
            hand = next(min(hand, entries.count - 1))
            let entry = entries[hand]
            // A key that came this very instant belongs to the request for which room is made.
            if entry.isFree || entry.ticks == now { continue }
            guard entry.ticks > now, let rate = rates(entry.allowance) else {
                remove(at: hand)
                return true
            }
            let budget = GCRA.budget(arrival: entry.arrival, now: now, rate: rate)
            guard budget.remaining > 0 else { continue }
            let used = Double(entry.ticks - now) / Double(max(rate.capacity.ticks, 1))
            if used < best?.used ?? .infinity { best = (hand, used) }
        }
        guard let best else { return false }
        remove(at: best.slot)
        evictions += 1
        return true
    }

    /// Drops what has filled up again, and doubles the slots where that did not free many.
    private mutating func rebuild(now: Int64) {
        let live = entries.filter { !$0.isFree && $0.ticks >= now }
        let wanted = live.count * 4 > count * 3 ? min(count * 2, capacity) : count + 1
        entries = Array(repeating: .free, count: Self.slots(for: max(wanted, min(capacity, 48))))
        count = 0
        for entry in live { insert(entry.key, entry.arrival, allowance: entry.allowance) }
    }
}
