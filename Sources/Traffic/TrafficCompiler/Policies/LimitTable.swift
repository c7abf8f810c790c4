import Crypto
import KubernetesModel
import TrafficPlan

/// Which limits hold on which way, computed once for each different way and kept while some host uses it.
struct LimitTable: Sendable {
    private struct Entry: Sendable {
        var effective: EffectiveLimits
        var id: LimitSetID
        var uses = 0
    }

    private(set) var attachments: [PolicyTarget: AttachedLimits] = [:]
    /// By those targets of a lineage that have something attached.
    private var entries: [PolicyLineage: Entry] = [:]
    /// Entries that something of them has changed.
    private var outdated: Set<PolicyLineage> = []
    private var sets: [LimitSetID: (set: LimitSet, uses: Int)] = [:]
    private var changedSets: Set<LimitSetID> = []
    private var losses: [ObjectName: [EffectiveLimits.Loss: Int]] = [:]
    /// Policies that lose something new, or lose something no more.
    private var changedLosers: Set<ObjectName> = []

    /// Returns whether this is new; then every host with the target on its way has to be resolved again.
    mutating func attach(_ limits: AttachedLimits?, to target: PolicyTarget) -> Bool {
        guard attachments[target] != limits else { return false }
        attachments[target] = limits
        outdated.formUnion(entries.keys.filter { $0.contains(target) })
        return true
    }

    /// The limits of a way; `nil` where nothing is attached to any of it.
    mutating func resolve(_ lineage: PolicyLineage) -> (key: PolicyLineage, id: LimitSetID)? {
        guard !attachments.isEmpty else { return nil }
        let key = lineage.filter { attachments[$0] != nil }
        guard !key.isEmpty else { return nil }
        if let entry = entries[key], !outdated.contains(key) { return (key, entry.id) }
        let effective = EffectiveLimits(key.compactMap { target in attachments[target].map { (target, $0) } })
        let uses = entries[key]?.uses ?? 0
        if uses > 0 { discount(key) }
        entries[key] = Entry(effective: effective, id: LimitSetID(effective.set), uses: uses)
        outdated.remove(key)
        if uses > 0 { count(key) }
        return entries[key].map { (key, $0.id) }
    }

    /// A host has come to use other ways than before.
    mutating func follow(from old: Set<PolicyLineage>, to new: Set<PolicyLineage>) {
        for key in new.subtracting(old) {
            entries[key]?.uses += 1
            if entries[key]?.uses == 1 { count(key) }
        }
        for key in old.subtracting(new) {
            entries[key]?.uses -= 1
            guard entries[key]?.uses == 0 else { continue }
            discount(key)
            entries[key] = nil
            outdated.remove(key)
        }
    }

    private mutating func count(_ key: PolicyLineage) {
        guard let entry = entries[key] else { return }
        sets[entry.id, default: (entry.effective.set, 0)].uses += 1
        changedSets.insert(entry.id)
        for loss in entry.effective.losses {
            losses[loss.loser, default: [:]][loss, default: 0] += 1
            changedLosers.insert(loss.loser)
        }
    }

    private mutating func discount(_ key: PolicyLineage) {
        guard let entry = entries[key] else { return }
        sets[entry.id]?.uses -= 1
        if sets[entry.id]?.uses == 0 { sets[entry.id] = nil }
        changedSets.insert(entry.id)
        for loss in entry.effective.losses {
            losses[loss.loser]?[loss]? -= 1
            if losses[loss.loser]?[loss] == 0 { losses[loss.loser]?[loss] = nil }
            if losses[loss.loser]?.isEmpty == true { losses[loss.loser] = nil }
            changedLosers.insert(loss.loser)
        }
    }

    /// The sets whose use may have begun or ended since the last call, as they are now.
    mutating func takeChangedSets() -> [LimitSetID: LimitSet?] {
        defer { changedSets = [] }
        return changedSets.reduce(into: [:]) { $0.updateValue(sets[$1]?.set, forKey: $1) }
    }

    mutating func takeChangedLosers() -> Set<ObjectName> {
        defer { changedLosers = [] }
        return changedLosers
    }

    /// What a policy's limits at `target` lose to policies elsewhere on some way that is in use.
    func losses(of policy: ObjectName, at target: PolicyTarget) -> [ReplacedLimit] {
        (losses[policy] ?? [:]).keys.filter { $0.target == target }.map(\.replaced)
    }

    /// Nothing is kept that no host uses.
    var isTidy: Bool {
        outdated.isEmpty && entries.values.allSatisfy { $0.uses > 0 }
            && Set(entries.values.map(\.id)) == Set(sets.keys)
    }
}

extension EffectiveLimits.Loss {
    fileprivate var loser: ObjectName {
        ObjectName(namespace: replaced.name.namespace, name: replaced.name.policy)
    }
}

extension LimitSetID {
    /// 128 bits of a SHA-256, as 32 hexadecimal digits.
    init(_ set: LimitSet) {
        let digits = SHA256.hash(data: set.bytes).prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return text.utf8.count == 1 ? "0" + text : text
        }
        self.init(digits.joined())
    }
}
