package import Logging
package import RedisClient
import Synchronization

/// Counters that any number of limiters share.
///
/// One script call, so one round trip, for all limits of a request, judged by the server's clock. In a cluster a request's
/// counters may lie in several slots; they are then asked at the same time, and where one refuses, what the others took is
/// given back in a second round. Until then another request may be refused that would just have passed; none passes that
/// should not.
///
/// Counters live as long as the server keeps them: persistence and replication decide what a restart or a failover loses,
/// and what is lost is a fresh budget for its key. Set `maxmemory-policy noeviction`: a server that evicts keys forgets
/// exhausted ones; one that is full says so, and limits do what they say for a failing limiter.
package final class RedisCounters: CounterStore {
    package let hashing = KeyHashing.sha256
    package let allowances = AllowanceTable()
    package var kind: String { "redis" }
    package var usage: CounterUsage? { nil }

    private let client: RedisClient
    private let prefix: String
    private let logger: Logger
    private let logged = Mutex<CounterFailure?>(nil)

    /// - Parameter prefix: of every key; limiters that share it share counters.
    package init(
        _ client: RedisClient, prefix: String = "fairway:limit:", logger: Logger = Logger(label: "fairway.ratelimiter")
    ) {
        self.client = client
        self.prefix = prefix
        self.logger = logger
    }

    package func decide(_ charges: [CounterCharge]) async -> [CounterReading] {
        let groups = groups(of: charges.map(\.counter.key))
        if groups.count == 1 { return await decide(charges, at: groups[0]).map(\.reading) }
        var outcomes: [Outcome?] = charges.map { _ in nil }
        await withTaskGroup(of: (Int, [Outcome]).self) { tasks in
            for (number, group) in groups.enumerated() {
                tasks.addTask { (number, await self.decide(charges, at: group)) }
            }
            for await (number, found) in tasks {
                for (index, outcome) in zip(groups[number], found) { outcomes[index] = outcome }
            }
        }
        return await together(charges, outcomes.map { $0 ?? .failed(.refused) })
    }

    package func settle(_ debts: [CounterDebt]) async throws(CounterFailure) {
        let entries = debts.map { debt in
            ScriptEntry(
                key: name(debt.counter.key), verb: .charge, rate: debt.counter.allowance.microseconds, cost: debt.cost)
        }
        for group in groups(of: debts.map(\.counter.key)) { _ = try await run(group.map { entries[$0] }) }
    }

    package func read(_ counters: [CounterReference]) async throws(CounterFailure) -> [GCRA.Budget?] {
        var budgets: [GCRA.Budget?] = counters.map { _ in nil }
        for group in groups(of: counters.map(\.key)) {
            let entries = group.map { index in
                ScriptEntry(
                    key: name(counters[index].key), verb: .peek, rate: counters[index].allowance.microseconds, cost: 0)
            }
            for (index, reading) in zip(group, try await run(entries)) where reading.arrival.ticks > reading.now {
                let rate = counters[index].allowance.microseconds
                budgets[index] = GCRA.budget(arrival: reading.arrival, now: reading.now, rate: rate).inNanoseconds
            }
        }
        return budgets
    }

    package func reset(_ key: CounterKey) async throws(CounterFailure) -> Bool {
        let name = name(key)
        do throws(RedisError) {
            return try await client.send(RedisCommand("DEL", name), key: name).int == 1
        } catch {
            throw CounterFailure(error)
        }
    }

    private func name(_ key: CounterKey) -> String { prefix + key.description }

    /// What can be asked at once: places of those that lie on one server for sure.
    private func groups(of keys: [CounterKey]) -> [[Int]] {
        guard client.isCluster else { return [Array(keys.indices)] }
        let slots = Dictionary(grouping: keys.indices) { HashSlot(of: name(keys[$0])) }
        return slots.sorted { $0.key < $1.key }.map(\.value)
    }

    private func run(_ entries: [ScriptEntry]) async throws(CounterFailure) -> [ScriptReading] {
        do throws(CounterFailure) {
            let readings = try await ScriptCall(entries: entries).run(on: client)
            noticed(nil)
            return readings
        } catch {
            noticed(error)
            throw error
        }
    }

    /// A line for each change, not for each request.
    private func noticed(_ failure: CounterFailure?) {
        let isNew = logged.withLock { logged in
            defer { logged = failure }
            return logged != failure
        }
        guard isNew else { return }
        if let failure {
            logger.warning("Redis does not count", metadata: ["reason": "\(failure.rawValue)"])
        } else {
            logger.notice("Redis counts")
        }
    }
}

// Deciding.
extension RedisCounters {
    fileprivate enum Outcome: Sendable {
        case counted(passes: Bool, taken: GCRA.Budget, untouched: GCRA.Budget)
        case failed(CounterFailure)

        var reading: CounterReading {
            switch self {
            case .counted(let passes, let taken, _): .counted(isAllowed: passes, budget: taken)
            case .failed(let failure): .failed(failure)
            }
        }
    }

    /// Those charges whose places are in `group`, in one step.
    private func decide(_ charges: [CounterCharge], at group: [Int]) async -> [Outcome] {
        let charges = group.map { charges[$0] }
        let entries = charges.map { charge in
            ScriptEntry(
                key: name(charge.counter.key), verb: charge.verb, rate: charge.counter.allowance.microseconds,
                cost: charge.needed)
        }
        do throws(CounterFailure) {
            let readings = try await run(entries)
            let passes = zip(charges, readings).allSatisfy { $1.passes || $0.kind == .shadow }
            return zip(charges, readings).map { $0.outcome(of: $1, requestPasses: passes) }
        } catch {
            return charges.map { _ in .failed(error) }
        }
    }

    /// Takes back what some slots granted and others made void.
    private func together(_ charges: [CounterCharge], _ outcomes: [Outcome]) async -> [CounterReading] {
        let isRefused = zip(charges, outcomes).contains { charge, outcome in
            switch outcome {
            case .counted(let passes, _, _): !passes && charge.kind == .enforced
            case .failed: charge.refusesOnFailure
            }
        }
        guard isRefused else { return outcomes.map(\.reading) }
        var refunds: [CounterCharge] = []
        var readings: [CounterReading] = []
        for (charge, outcome) in zip(charges, outcomes) {
            guard charge.kind == .enforced, case .counted(true, _, let untouched) = outcome else {
                readings.append(outcome.reading)
                continue
            }
            readings.append(.counted(isAllowed: true, budget: untouched))
            // One that stood together with a refusing one was not taken in the first place.
            if !charge.isDeferred, !isRefusedInItsSlot(charge, charges, outcomes) { refunds.append(charge) }
        }
        await giveBack(refunds)
        return readings
    }

    private func isRefusedInItsSlot(_ charge: CounterCharge, _ charges: [CounterCharge], _ outcomes: [Outcome]) -> Bool
    {
        let slot = HashSlot(of: name(charge.counter.key))
        return zip(charges, outcomes).contains { other, outcome in
            guard case .counted(false, _, _) = outcome else { return false }
            return other.kind == .enforced && HashSlot(of: name(other.counter.key)) == slot
        }
    }

    private func giveBack(_ charges: [CounterCharge]) async {
        let groups = groups(of: charges.map(\.counter.key))
        await withDiscardingTaskGroup { tasks in
            for group in groups where !group.isEmpty {
                let entries = group.map { index in
                    ScriptEntry(
                        key: name(charges[index].counter.key), verb: .refund,
                        rate: charges[index].counter.allowance.microseconds, cost: charges[index].cost)
                }
                // What cannot be given back comes back by itself, as time passes.
                tasks.addTask { _ = try? await self.run(entries) }
            }
        }
    }
}

extension CounterCharge {
    fileprivate var verb: CounterScript.Verb {
        switch (kind, isDeferred) {
        case (.enforced, false): .take
        case (.enforced, true): .check
        case (.shadow, false): .shadowTake
        case (.shadow, true): .shadowCheck
        }
    }

    fileprivate func outcome(of reading: ScriptReading, requestPasses: Bool) -> RedisCounters.Outcome {
        let rate = counter.allowance.microseconds
        let untouched = GCRA.budget(arrival: reading.arrival, now: reading.now, rate: rate).inNanoseconds
        let verdict = GCRA.decide(arrival: reading.arrival, now: reading.now, rate: rate, cost: needed)
        var taken = verdict.budget.inNanoseconds
        if reading.passes, isDeferred || (kind == .enforced && !requestPasses) { taken = untouched }
        return .counted(passes: reading.passes, taken: taken, untouched: untouched)
    }
}

extension GCRA.Budget {
    /// Of one in microseconds.
    fileprivate var inNanoseconds: GCRA.Budget {
        GCRA.Budget(
            remaining: remaining, resetAfter: Self.scaled(resetAfter), retryAfter: retryAfter.map(Self.scaled))
    }

    private static func scaled(_ microseconds: Int64) -> Int64 {
        let (product, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : product
    }
}
