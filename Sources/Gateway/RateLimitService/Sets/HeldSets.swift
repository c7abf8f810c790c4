package import TrafficPlan

/// Which limit sets a limiter holds, and how long those that left the plan stay: a proxy may name them until it has heard
/// of the change, and one that cannot reach the controller for longer.
package struct HeldSets: Sendable {
    /// What is to be done.
    package struct Effects: Hashable, Sendable {
        package var install: [LimitSetID] = []
        package var remove: [LimitSetID] = []
    }

    private let grace: Duration
    private let mostRetired: Int
    private var wanted: Set<LimitSetID> = []
    /// Oldest first.
    private var retired: [(id: LimitSetID, at: Duration)] = []

    package init(grace: Duration = .seconds(24 * 3600), mostRetired: Int = 4096) {
        self.grace = grace
        self.mostRetired = mostRetired
    }

    package var count: Int { wanted.count + retired.count }

    package mutating func want(_ ids: some Sequence<LimitSetID>) -> Effects {
        var effects = Effects()
        for id in ids where wanted.insert(id).inserted {
            if let place = retired.firstIndex(where: { $0.id == id }) {
                retired.remove(at: place)
            } else {
                effects.install.append(id)
            }
        }
        return effects
    }

    package mutating func retire(_ ids: some Sequence<LimitSetID>, now: Duration) -> Effects {
        for id in ids where wanted.remove(id) != nil { retired.append((id, now)) }
        return expire(now: now)
    }

    /// What is wanted is exactly this.
    package mutating func replace(with ids: Set<LimitSetID>, now: Duration) -> Effects {
        var effects = want(ids.sorted())
        effects.remove = retire(wanted.subtracting(ids).sorted(), now: now).remove
        return effects
    }

    package mutating func expire(now: Duration) -> Effects {
        let old = retired.prefix { $0.at + grace <= now }.count
        let count = max(old, retired.count - mostRetired)
        defer { retired.removeFirst(max(count, 0)) }
        return Effects(remove: retired.prefix(max(count, 0)).map(\.id))
    }
}
