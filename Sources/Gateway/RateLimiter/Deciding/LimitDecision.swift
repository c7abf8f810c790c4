package import TrafficPlan

/// What a set of limits says to one request.
package struct LimitDecision: Sendable {
    package enum Outcome: String, Hashable, Sendable, CaseIterable, Codable {
        case allowed
        case limited
        /// In shadow mode; it would have been limited.
        case shadowed
        /// An exemption holds, or the allowance in force has no end.
        case exempt
        /// Nobody could count; what happens then is the limit's `whenLimiterFails`.
        case error
    }

    /// What one limit says. Limits whose conditions do not hold say nothing.
    package struct Part: Sendable {
        let limit: PreparedLimit
        /// What the counter was asked for; `nil` for the exempt.
        let charge: CounterCharge?
        let check: LimitCheck?
        package fileprivate(set) var outcome: Outcome
        /// In nanoseconds; `nil` for the exempt and for errors.
        package fileprivate(set) var budget: GCRA.Budget?
        package fileprivate(set) var failure: CounterFailure?

        package var definition: RateLimit { limit.limit }
        /// Place in the set's limits.
        package var index: Int { limit.index }
        package var allowance: Allowance? { charge?.counter.allowance.allowance }
        /// Named where a conditional allowance took over.
        package var allowanceName: String? { check?.allowanceName }

        /// True where this limit alone would stop the request.
        package var refuses: Bool {
            switch outcome {
            case .limited: true
            case .error: definition.mode == .enforce && definition.whenLimiterFails == .deny
            case .allowed, .shadowed, .exempt: false
            }
        }
    }

    package private(set) var parts: [Part]
    /// The part that refuses the request; of several the one that makes it wait longest.
    package private(set) var deciding: Part?

    package var isAllowed: Bool { deciding == nil }

    /// What a refused request hears, as the deciding limit says it.
    package var answer: LimitAnswer? { deciding?.definition.answer }

    /// True where nobody could count, and the limit denies then: 503 (RFC 9110, section 15.6.4) says so honestly.
    package var isLimiterFailure: Bool { deciding?.outcome == .error }

    /// `readings`: of those parts that have a charge, in order.
    init(parts: [Part], readings: [CounterReading] = []) {
        self.parts = parts
        var next = readings.makeIterator()
        for index in self.parts.indices where self.parts[index].charge != nil {
            guard let reading = next.next() else { break }
            self.parts[index].apply(reading)
            guard self.parts[index].refuses else { continue }
            if deciding.map({ $0.wait < self.parts[index].wait }) ?? true { deciding = self.parts[index] }
        }
    }
}

extension LimitDecision.Part {
    static func exempt(_ limit: PreparedLimit) -> Self { Self(limit: limit, charge: nil, check: nil, outcome: .exempt) }

    init(_ limit: PreparedLimit, _ check: LimitCheck, _ charge: CounterCharge) {
        self.init(limit: limit, charge: charge, check: check, outcome: .allowed)
    }

    private init(limit: PreparedLimit, charge: CounterCharge?, check: LimitCheck?, outcome: LimitDecision.Outcome) {
        self.limit = limit
        self.charge = charge
        self.check = check
        self.outcome = outcome
    }

    fileprivate mutating func apply(_ reading: CounterReading) {
        switch reading {
        case .counted(let isAllowed, let budget):
            self.budget = budget
            outcome = isAllowed ? .allowed : definition.mode == .shadow ? .shadowed : .limited
        case .failed(let failure):
            self.failure = failure
            outcome = .error
        }
    }

    /// Nanoseconds; one that never passes comes last.
    fileprivate var wait: Int64 { budget == nil ? 0 : budget?.retryAfter ?? .max }
}
