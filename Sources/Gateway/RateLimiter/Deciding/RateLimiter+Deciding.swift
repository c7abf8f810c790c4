package import TrafficPlan

extension RateLimiter {
    /// Decides over every limit of the set at once: the request passes where all enforced limits do, and only then is
    /// anything taken from them. Shadow limits are counted whatever the others say.
    ///
    /// With counters in memory and no verified tokens nothing is waited for.
    /// - Returns: `nil` where no such set is installed.
    package func decide(_ request: LimitedRequest, by id: LimitSetID) async -> LimitDecision? {
        guard let set = set(id) else { return nil }
        let start = now()
        let verdicts = await verdicts(of: set, on: request)
        var parts: [LimitDecision.Part] = []
        var charges: [CounterCharge] = []
        parts.reserveCapacity(verdicts.count)
        charges.reserveCapacity(verdicts.count)
        for (limit, verdict) in zip(set.limits, verdicts) {
            switch verdict {
            case .otherRequests: continue
            case .exempt, .lacks: parts.append(.exempt(limit))
            case .counts(let check):
                guard let allowance = check.allowance else {
                    parts.append(.exempt(limit))
                    continue
                }
                let charge = limit.charge(for: check, allowance, counters)
                charges.append(charge)
                parts.append(LimitDecision.Part(limit, check, charge))
            }
        }
        guard !parts.isEmpty else { return LimitDecision(parts: []) }
        let readings = charges.isEmpty ? [] : await counters.decide(charges)
        let decision = LimitDecision(parts: parts, readings: readings)
        tell(decision, start: start)
        return decision
    }

    /// Takes what a response has turned out to cost from the limits whose cost is in a response header; they may go below
    /// zero, and the next requests wait.
    /// - Parameter request: as it was decided over, so that the same keys are charged.
    /// - Parameter cost: for each such limit; `nil` leaves it alone. `HeaderCost.cost(of:)` reads a header's value.
    /// - Throws: nobody could count; what is due is lost, and seen in the metrics.
    package func charge(
        _ request: LimitedRequest, by id: LimitSetID, cost: (RateLimit) -> Int64?
    ) async throws(CounterFailure) {
        guard let set = set(id) else { return }
        var debts: [CounterDebt] = []
        for (limit, verdict) in zip(set.limits, await verdicts(of: set, on: request)) {
            guard limit.isDeferred, case .counts(let check) = verdict, let allowance = check.allowance,
                let cost = cost(limit.limit), cost > 0
            else { continue }
            let counter = limit.charge(for: check, allowance, counters).counter
            debts.append(CounterDebt(counter: counter, cost: cost))
        }
        guard !debts.isEmpty else { return }
        do {
            try await counters.settle(debts)
        } catch {
            metrics.lostCharge(error)
            throw error
        }
    }

    private func verdicts(of set: PreparedSet, on request: LimitedRequest) async -> [LimitVerdict] {
        guard !set.tokens.isEmpty else { return set.compiled.verdicts(for: request) }
        var claims: [TokenClaims] = []
        for verifier in set.tokens { claims.append(await verifier.claims(of: request)) }
        return set.compiled.verdicts(for: request) { claim, _ in claims.lazy.compactMap { $0[claim] }.first }
    }

    private func tell(_ decision: LimitDecision, start: Int64) {
        let end = now()
        for part in decision.parts { part.limit.ledger.record(part, at: end) }
        metrics.decided(nanoseconds: end - start)
        tellUsage(at: end)
        for part in decision.parts {
            if let failure = part.failure { metrics.failed(failure) }
        }
    }
}
