import TrafficPlan

/// An installed set.
final class PreparedSet: Sendable {
    let compiled: CompiledLimitSet
    /// Those of scope `global`, as `compiled` knows them.
    let limits: [PreparedLimit]
    /// Those who read the claims that the limits look at; empty where they look at none.
    let tokens: [TokenVerifier]

    init(compiled: CompiledLimitSet, limits: [PreparedLimit], tokens: [TokenVerifier]) {
        self.compiled = compiled
        self.limits = limits
        self.tokens = tokens
    }
}

/// A limit with all of its counting that no request changes.
final class PreparedLimit: Sendable {
    let limit: RateLimit
    /// Place in the set's limits.
    let index: Int
    let ledger: LimitLedger
    let isDeferred: Bool
    private let keys: KeyBeginning
    private let overflow: CounterKey
    private let allowance: MeteredAllowance
    /// Conditional ones, by name.
    private let named: [(name: String, allowance: MeteredAllowance)]

    /// - Parameter inForce: the newest form of the limit, whose allowances hold.
    init(
        _ limit: RateLimit, index: Int, inForce newest: RateLimit, counters: any CounterStore, ledger: LimitLedger
    ) {
        self.limit = limit
        self.index = index
        self.ledger = ledger
        keys = counters.hashing.beginning(with: limit.counterPrefix)
        overflow = counters.hashing.beginning(with: "overflow " + limit.counterPrefix).key(allowance: nil, values: [])
        allowance = counters.allowances.metered(newest.allowance)
        named = (newest.conditionalAllowances + limit.conditionalAllowances).compactMap { conditional in
            conditional.allowance.map { (conditional.name, counters.allowances.metered($0)) }
        }
        if case .responseHeader = limit.cost { isDeferred = true } else { isDeferred = false }
    }

    /// - Parameter wanted: what the limit itself says.
    func charge(for check: LimitCheck, _ wanted: Allowance, _ counters: any CounterStore) -> CounterCharge {
        CounterCharge(
            counter: CounterReference(
                key: keys.key(allowance: check.allowanceName, values: check.values),
                allowance: metered(check.allowanceName) ?? counters.allowances.metered(wanted)),
            overflow: overflow, kind: limit.mode == .enforce ? .enforced : .shadow, cost: check.cost,
            isDeferred: isDeferred, refusesOnFailure: limit.mode == .enforce && limit.whenLimiterFails == .deny)
    }

    private func metered(_ name: String?) -> MeteredAllowance? {
        guard let name else { return allowance }
        return named.first { $0.name == name }?.allowance
    }

    func key(values: [String?], allowanceName: String?) -> CounterKey {
        keys.key(allowance: allowanceName, values: values)
    }
}

extension RateLimit {
    /// What all counters of this limit begin with. The key's parts are in it: after an edit that makes the key of something
    /// else, no old count is taken for a new one. A conditional allowance's name comes behind it (`KeyBeginning.key`): each
    /// has budgets of its own, so that nobody fills one bucket by turning to another.
    var counterPrefix: String {
        ([name.description] + key.map(\.source.counterName)).joined(separator: "\n")
    }
}

extension KeyPart.Source {
    /// As in `header:x-api-key`. A token's keys may be rotated without starting anew.
    package var counterName: String {
        switch self {
        case .clientAddress(let ipv4Bits, let ipv6Bits): "client:\(ipv4Bits)/\(ipv6Bits)"
        case .header(let name): "header:\(name)"
        case .cookie(let name): "cookie:\(name)"
        case .queryParameter(let name): "query:\(name)"
        case .method: "method"
        case .host: "host"
        case .path: "path"
        case .pathSegment(let index): "segment:\(index)"
        case .jwtClaim(let claim): "claim:\(claim.path.joined(separator: "."))"
        }
    }
}
