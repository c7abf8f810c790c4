import TrafficPlan

/// The sets that proxies may name, and the ledgers of their limits.
///
/// While a changed policy rolls out, old and new sets hold the same limit with different allowances, over the same
/// counters. The definition that came last is then in force for all of them: else a key could go to and fro between two
/// allowances, and gain by each step.
struct InstalledSets {
    private struct Entry {
        var ledger: LimitLedger
        /// How many sets have the limit in which form.
        var definitions: [RateLimit: Int]
        var newest: RateLimit
    }

    private(set) var sets: [LimitSetID: PreparedSet] = [:]
    private var entries: [RateLimitName: Entry] = [:]

    subscript(id: LimitSetID) -> PreparedSet? { sets[id] }

    var ledgerCount: Int { entries.count }

    var ledgers: [LimitLedger] { entries.values.map(\.ledger) }

    func ledger(of limit: RateLimitName) -> LimitLedger? { entries[limit]?.ledger }

    /// - Parameter newLedger: for a limit that no set had.
    mutating func install(
        _ compiled: CompiledLimitSet, _ tokens: [TokenVerifier], as id: LimitSetID, counters: any CounterStore,
        newLedger: (RateLimit) -> LimitLedger
    ) {
        let old = sets[id]
        let limits = compiled.set.limits.enumerated().filter { $1.scope == .global }
        var changed: Set<RateLimitName> = []
        for (_, limit) in limits {
            if retain(limit, newLedger) { changed.insert(limit.name) }
        }
        sets[id] = PreparedSet(compiled: compiled, limits: [], tokens: tokens)
        prepare(id, limits.map { ($0, $1) }, counters)
        if let old { changed.formUnion(release(old)) }
        renew(changed, counters)
    }

    mutating func remove(_ id: LimitSetID, counters: any CounterStore) {
        guard let old = sets.removeValue(forKey: id) else { return }
        renew(release(old), counters)
    }

    /// True where other sets have the limit in another form.
    private mutating func retain(_ limit: RateLimit, _ newLedger: (RateLimit) -> LimitLedger) -> Bool {
        guard var entry = entries[limit.name] else {
            entries[limit.name] = Entry(ledger: newLedger(limit), definitions: [limit: 1], newest: limit)
            return false
        }
        let isChanged = entry.newest != limit
        entry.definitions[limit, default: 0] += 1
        entry.newest = limit
        entry.ledger.redefine(limit)
        entries[limit.name] = entry
        return isChanged
    }

    /// Those limits whose newest form has gone while others remain.
    private mutating func release(_ set: PreparedSet) -> Set<RateLimitName> {
        var changed: Set<RateLimitName> = []
        for limit in set.limits.map(\.limit) {
            guard var entry = entries[limit.name], let uses = entry.definitions[limit] else { continue }
            entry.definitions[limit] = uses > 1 ? uses - 1 : nil
            guard let other = entry.definitions.keys.first else {
                entry.ledger.retire()
                entries[limit.name] = nil
                continue
            }
            if entry.definitions[entry.newest] == nil {
                entry.newest = other
                entry.ledger.redefine(other)
                changed.insert(limit.name)
            }
            entries[limit.name] = entry
        }
        return changed
    }

    /// Prepares anew the sets that have one of `names`.
    private mutating func renew(_ names: Set<RateLimitName>, _ counters: any CounterStore) {
        guard !names.isEmpty else { return }
        for (id, set) in sets where set.limits.contains(where: { names.contains($0.limit.name) }) {
            prepare(id, set.limits.map { ($0.index, $0.limit) }, counters)
        }
    }

    private mutating func prepare(_ id: LimitSetID, _ limits: [(Int, RateLimit)], _ counters: any CounterStore) {
        guard let set = sets[id] else { return }
        let prepared = limits.compactMap { index, limit in
            entries[limit.name].map { entry in
                PreparedLimit(limit, index: index, inForce: entry.newest, counters: counters, ledger: entry.ledger)
            }
        }
        sets[id] = PreparedSet(compiled: set.compiled, limits: prepared, tokens: set.tokens)
    }
}
