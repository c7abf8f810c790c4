import Synchronization

extension MemoryCounters {
    /// Most requests have one limit, and most keys have a place.
    func decide(_ charge: CounterCharge) -> CounterReading {
        let shard = shards[shard(of: charge.counter.key)]
        return shard.gate.withLock { _ in
            let now = shard.advance(to: self.now())
            let found = shard.arrival(of: charge.counter, now: now, allowances)
            guard found != nil || shard.makeRoom(now: now, allowances) else {
                return overflow.withLock { overflow in
                    let verdict = charge.verdict(on: overflow.arrival(of: charge), now: now)
                    if charge.takes(verdict) { overflow.keep(verdict.arrival, of: charge, now: now) }
                    overflow.decisions += 1
                    return .counted(isAllowed: verdict.isAllowed, budget: verdict.budget)
                }
            }
            let verdict = charge.verdict(on: found?.arrival, now: now)
            if charge.takes(verdict) { shard.keep(verdict.arrival, of: charge.counter, at: found?.slot) }
            return .counted(isAllowed: verdict.isAllowed, budget: verdict.budget)
        }
    }

    /// All shards of `charges` are held.
    func decideTogether(_ charges: [CounterCharge]) -> [CounterReading] {
        let clock = self.now()
        let now = charges.reduce(clock) { max($0, shard(of: $1).advance(to: clock)) }
        let places = charges.map { shard(of: $0).makePlace(for: $0.counter, now: now, allowances) }
        if places.allSatisfy(\.self) {
            var none = Overflow()
            return decide(charges, places, now, &none)
        }
        return overflow.withLock { overflow in
            overflow.decisions += 1
            return decide(charges, places, now, &overflow)
        }
    }

    private func decide(
        _ charges: [CounterCharge], _ places: [Bool], _ now: Int64, _ overflow: inout Overflow
    ) -> [CounterReading] {
        let arrivals = zip(charges, places).map { charge, hasPlace in
            hasPlace
                ? shard(of: charge).arrival(of: charge.counter, now: now, allowances)?.arrival
                : overflow.arrival(of: charge)
        }
        let verdicts = zip(charges, arrivals).map { $0.verdict(on: $1, now: now) }
        let passes = zip(charges, verdicts).allSatisfy { $1.isAllowed || $0.kind == .shadow }
        return charges.indices.map { index in
            let (charge, verdict) = (charges[index], verdicts[index])
            guard passes || charge.kind == .shadow else {
                // Nothing was taken after all.
                let budget = verdict.isAllowed ? charge.budget(of: arrivals[index], now: now) : verdict.budget
                return .counted(isAllowed: verdict.isAllowed, budget: budget)
            }
            if charge.takes(verdict) {
                if places[index] {
                    shard(of: charge).keep(verdict.arrival, of: charge.counter)
                } else {
                    overflow.keep(verdict.arrival, of: charge, now: now)
                }
            }
            return .counted(isAllowed: verdict.isAllowed, budget: verdict.budget)
        }
    }

    func settle(_ debt: CounterDebt, in shard: CounterShard) {
        let now = shard.advance(to: self.now())
        let found = shard.arrival(of: debt.counter, now: now, allowances)
        // Without a place the cost is let go, and seen: the next requests of such keys count in the overflow.
        guard found != nil || shard.makeRoom(now: now, allowances) else {
            return overflow.withLock { $0.decisions += 1 }
        }
        let rate = debt.counter.allowance.nanoseconds
        let arrival = GCRA.charge(arrival: found?.arrival, now: now, rate: rate, cost: debt.cost)
        shard.keep(arrival, of: debt.counter, at: found?.slot)
    }

    private func shard(of charge: CounterCharge) -> CounterShard { shards[shard(of: charge.counter.key)] }
}

extension CounterCharge {
    fileprivate func verdict(on arrival: GCRA.Arrival?, now: Int64) -> GCRA.Verdict {
        let rate = counter.allowance.nanoseconds
        var verdict = GCRA.decide(arrival: arrival, now: now, rate: rate, cost: needed)
        if isDeferred, verdict.isAllowed { verdict.budget = budget(of: arrival, now: now) }
        return verdict
    }

    fileprivate func takes(_ verdict: GCRA.Verdict) -> Bool { verdict.isAllowed && !isDeferred && cost > 0 }

    fileprivate func budget(of arrival: GCRA.Arrival?, now: Int64) -> GCRA.Budget {
        GCRA.budget(arrival: arrival, now: now, rate: counter.allowance.nanoseconds)
    }
}

extension CounterShard {
    fileprivate func makeRoom(now: Int64, _ allowances: AllowanceTable) -> Bool {
        table.makeRoom(now: now) { rate($0, allowances) }
    }

    /// True where the counter has a slot, new or old.
    fileprivate func makePlace(for counter: CounterReference, now: Int64, _ allowances: AllowanceTable) -> Bool {
        if table.find(counter.key) != nil { return true }
        guard makeRoom(now: now, allowances) else { return false }
        let full = GCRA.Arrival(ticks: now, fraction: 0)
        table.insert(counter.key, full, allowance: counter.allowance.id)
        return true
    }

    fileprivate func keep(_ arrival: GCRA.Arrival, of counter: CounterReference, at slot: Int?) {
        if let slot {
            table.store(arrival, allowance: counter.allowance.id, at: slot)
        } else {
            table.insert(counter.key, arrival, allowance: counter.allowance.id)
        }
    }

    fileprivate func keep(_ arrival: GCRA.Arrival, of counter: CounterReference) {
        if let slot = table.find(counter.key) { keep(arrival, of: counter, at: slot) }
    }
}

extension MemoryCounters.Overflow {
    /// More than there are limits in any cluster.
    private static let most = 4096

    fileprivate func arrival(of charge: CounterCharge) -> GCRA.Arrival? {
        guard let entry = entries[charge.overflow], entry.allowance == charge.counter.allowance.id else { return nil }
        return entry.arrival
    }

    fileprivate mutating func keep(_ arrival: GCRA.Arrival, of charge: CounterCharge, now: Int64) {
        if entries.count >= Self.most { entries = entries.filter { $0.value.ticks >= now } }
        entries[charge.overflow] = CounterTable.Entry(
            key: charge.overflow, ticks: arrival.ticks, fraction: UInt32(truncatingIfNeeded: arrival.fraction),
            allowance: charge.counter.allowance.id)
    }
}
