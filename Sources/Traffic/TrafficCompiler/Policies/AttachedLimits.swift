import TrafficPlan

/// A limit as its policy has it.
struct LimitClaim: Hashable, Sendable {
    var limit: RateLimit
    /// Stands under `overrides`: what is narrower cannot replace it.
    var isOverride: Bool
}

/// What the policies attached to one target say together. Of several limits of one name the oldest policy's holds.
struct AttachedLimits: Hashable, Sendable {
    private(set) var limits: [String: LimitClaim] = [:]
    private(set) var conflicts: [ReplacedLimit] = []

    /// - Parameter policies: the oldest first.
    init(_ policies: [[LimitClaim]]) {
        for claim in policies.joined() {
            let name = claim.limit.name.limit
            if let holder = limits[name] {
                conflicts.append(claim.replaced(by: holder, .older))
            } else {
                limits[name] = claim
            }
        }
    }
}

/// The limits of a route: those of all its targets, merged.
struct EffectiveLimits: Hashable, Sendable {
    /// A limit that lost its place or its answer, at the target to which its policy is attached.
    struct Loss: Hashable, Sendable {
        var target: PolicyTarget
        var replaced: ReplacedLimit
    }

    private(set) var set: LimitSet
    /// To other targets' policies; conflicts at one target are that target's own.
    private(set) var losses: Set<Loss> = []

    /// Limits add up unless they carry the same name; then a narrower one takes the place of a default and gives way to
    /// an override.
    /// - Parameter targets: the widest first.
    init(_ targets: [(target: PolicyTarget, attached: AttachedLimits)]) {
        var holders: [String: (claim: LimitClaim, target: PolicyTarget)] = [:]
        for (target, attached) in targets {
            for (name, claim) in attached.limits {
                guard let holder = holders[name] else {
                    holders[name] = (claim, target)
                    continue
                }
                if holder.claim.isOverride {
                    losses.insert(Loss(target: target, replaced: claim.replaced(by: holder.claim, .override)))
                } else {
                    losses.insert(Loss(target: holder.target, replaced: holder.claim.replaced(by: claim, .narrower)))
                    holders[name] = (claim, target)
                }
            }
        }
        // A policy that is attached twice on one way has replaced itself, which is no news.
        losses = losses.filter { $0.replaced.name != $0.replaced.by }
        for (limit, target, first) in Self.unheardAnswers(holders.values.map { ($0.claim.limit, $0.target) }) {
            losses.insert(
                Loss(
                    target: target,
                    replaced: ReplacedLimit(name: limit.name, by: first.name, reason: .answer, origin: limit.origin)))
        }
        let conflicts = targets.flatMap(\.attached.conflicts)
        set = LimitSet(
            limits: holders.values.map(\.claim.limit), replaced: Array(Set(losses.map(\.replaced) + conflicts)))
    }

    private static func unheardAnswers(
        _ holders: [(limit: RateLimit, target: PolicyTarget)]
    ) -> [(limit: RateLimit, target: PolicyTarget, first: RateLimit)] {
        guard let unheard = LimitSet(limits: holders.map(\.limit)).unheardAnswers else { return [] }
        let names = Set(unheard.others.map(\.name))
        return holders.filter { names.contains($0.limit.name) }.map { ($0.limit, $0.target, unheard.first) }
    }
}

extension LimitClaim {
    fileprivate func replaced(by holder: LimitClaim, _ reason: ReplacedLimit.Reason) -> ReplacedLimit {
        ReplacedLimit(name: limit.name, by: holder.limit.name, reason: reason, origin: limit.origin)
    }
}
