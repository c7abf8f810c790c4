package import TrafficPlan

/// What one limit has done since it was installed, and who asks most: for `fairway limits`.
package struct LimitSnapshot: Hashable, Sendable, Codable {
    package struct HotKey: Hashable, Sendable, Codable {
        /// Names the key where its values are secret: 32 hexadecimal digits, for `lift`.
        package var id: String
        /// As in `header:x-tenant=acme`; values of secret parts are not shown, long ones are cut.
        package var parts: [String]
        package var allowance: String
        /// In the last ten to twenty seconds, roughly; so is `refusals`.
        package var requests: Int
        package var refusals: Int
        /// `nil` where the counters could not be read.
        package var remaining: Int64?
        /// Seconds until the bucket is full.
        package var resetAfter: Double?
    }

    package var namespace: String
    package var policy: String
    package var limit: String
    package var mode: String
    /// As in `100 per minute, burst 20`.
    package var allowance: String
    package var key: [String]
    package var allowed: Int
    package var limited: Int
    package var shadowed: Int
    package var exempt: Int
    package var errors: Int
    package var hotKeys: [HotKey]
}

extension RateLimiter {
    /// By name; `keys` hottest keys of each limit.
    package func snapshot(keys: Int = 10) async -> [LimitSnapshot] {
        var snapshots: [LimitSnapshot] = []
        for ledger in ledgers { snapshots.append(await snapshot(of: ledger, keys: keys)) }
        return snapshots
    }

    /// Gives one key its whole budget back.
    /// - Parameter values: of the key's parts, whole, in order; `nil` for a missing one.
    /// - Returns: how many of its budgets (one for each conditional allowance) were not full.
    package func lift(_ limit: RateLimitName, values: [String?]) async throws(CounterFailure) -> Int {
        guard let ledger = ledger(of: limit) else { return 0 }
        let definition = ledger.limit
        let beginning = counters.hashing.beginning(with: definition.counterPrefix)
        var lifted = 0
        for allowance in [nil] + definition.conditionalAllowances.map({ Optional($0.name) }) {
            let key = beginning.key(allowance: allowance, values: values)
            if try await lift(key, ledger) { lifted += 1 }
        }
        return lifted
    }

    /// The same for a key that a snapshot named.
    package func lift(_ limit: RateLimitName, key: CounterKey) async throws(CounterFailure) -> Int {
        guard let ledger = ledger(of: limit) else { return 0 }
        return try await lift(key, ledger) ? 1 : 0
    }

    private func lift(_ key: CounterKey, _ ledger: LimitLedger) async throws(CounterFailure) -> Bool {
        let wasUsed = try await counters.reset(key)
        ledger.forget(key)
        return wasUsed
    }

    private func snapshot(of ledger: LimitLedger, keys: Int) async -> LimitSnapshot {
        let limit = ledger.limit
        let hottest = Array(ledger.hottest.prefix(keys))
        let budgets = await budgets(of: hottest.map(\.counter))
        return LimitSnapshot(
            namespace: limit.name.namespace, policy: limit.name.policy, limit: limit.name.limit,
            mode: limit.mode.rawValue, allowance: limit.allowance.text, key: limit.key.map(\.source.counterName),
            allowed: ledger.total(.allowed), limited: ledger.total(.limited), shadowed: ledger.total(.shadowed),
            exempt: ledger.total(.exempt), errors: ledger.total(.error),
            hotKeys: zip(hottest, budgets).map { item, budget in shown(item, budget, limit) })
    }

    /// `nil` for all where the counters cannot be read: a list without numbers is better than none.
    private func budgets(of counters: [CounterReference]) async -> [GCRA.Budget?] {
        guard !counters.isEmpty, let read = try? await self.counters.read(counters) else {
            return counters.map { _ in nil }
        }
        return zip(counters, read).map { counter, budget in
            let rate = counter.allowance.nanoseconds
            return budget ?? GCRA.Budget(remaining: rate.burst, resetAfter: 0, retryAfter: 0)
        }
    }

    private func shown(_ item: HotKeys.Item, _ budget: GCRA.Budget?, _ limit: RateLimit) -> LimitSnapshot.HotKey {
        LimitSnapshot.HotKey(
            id: item.counter.key.description,
            parts: zip(limit.key, item.values).map { part, value in part.source.shown(value, key: item.counter.key) },
            allowance: (item.allowanceName.map { "\($0): " } ?? "") + item.counter.allowance.allowance.text,
            requests: Int(item.requests), refusals: Int(item.refusals), remaining: budget?.remaining,
            resetAfter: budget.map { Double($0.resetAfter) / 1_000_000_000 })
    }
}

extension Allowance {
    package var text: String { "\(requests) per \(period)" + (burst == requests ? "" : ", burst \(burst)") }
}
