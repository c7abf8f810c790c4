package import NetTypes

/// What must change in the kernel, in one atomic step: `removed` first, then `added`. An element whose data changes stands in both.
package struct RuleChange: Sendable {
    package var removed: [RuleElement] = []
    package var added: [RuleElement] = []
    /// Fronts over UDP and SCTP whose known flows must be looked at, with the endpoints that may stay. A flow to any other address
    /// would be sent there for as long as its client keeps talking.
    package var lingering: [FrontKey: Set<SocketEndpoint>] = [:]
    /// Fronts whose remembered clients must be looked at.
    package var affinities: [FrontKey: AffinityHolders] = [:]
    /// Health checks that are new, changed or (`nil`) gone.
    package var healthChecks: [ServiceID: HealthCheck?] = [:]
    /// Problems that were not there before.
    package var newProblems: [ServiceProblem] = []

    package init() {}

    package var isEmpty: Bool { removed.isEmpty && added.isEmpty }

    /// The classes whose chains the added elements lead to.
    package var frontClasses: Set<FrontClass> {
        var classes: Set<FrontClass> = []
        for element in added {
            guard let frontClass = element.frontClass else { continue }
            classes.insert(frontClass)
            if let next = frontClass.leadsTo { classes.insert(next) }
        }
        return classes
    }
}

/// The endpoints, by stable number, that a remembered client may keep.
package struct AffinityHolders: Hashable, Sendable {
    package var wide: Set<UInt32>
    /// `nil` where clients from outside are treated as all others.
    package var near: Set<UInt32>?

    package init(_ front: Front?) {
        guard let front, front.affinityTimeout > 0 else {
            wide = []
            return
        }
        wide = Set(front.wide.map(\.stableID))
        near = front.policy == .local ? Set(front.near.map(\.stableID)) : nil
    }
}
