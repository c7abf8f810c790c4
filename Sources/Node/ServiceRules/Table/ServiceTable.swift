import KubernetesModel
package import NetTypes

/// The rules that this node should hold, kept up to date change by change.
///
/// A change costs what it touches: the Services that it concerns are decided anew, and only elements that differ come out. The same
/// objects give the same fronts whatever their order; only the slots of endpoints remember history, so that few of them move.
package struct ServiceTable: Sendable {
    package let nodeName: String
    var definitions: [ServiceID: ServiceDefinition] = [:]
    var slices: [ServiceID: [String: SliceView]] = [:]
    private var sliceOwners: [ServiceID: ServiceID] = [:]
    private var nodes: [String: NodeView] = [:]
    private var node = NodeContext()
    private var nodePortAddresses: [IPAddress]?
    private var programs: [ServiceID: ServiceProgram] = [:]
    /// Who asks for a front; more than one is a conflict.
    private var claims: [FrontKey: [ServiceID]] = [:]
    package private(set) var installed: [FrontKey: Front] = [:]
    private var clusterAddresses: [IPAddress: Int] = [:]
    private var hairpins: [IPAddress: Int] = [:]
    package private(set) var podRanges: [IPPrefix] = []
    package private(set) var serviceRanges: [IPPrefix] = []
    /// Services that the kernel refused, with its words; tried again when they change.
    private var quarantined: [ServiceID: String] = [:]
    /// Where the kernel already keeps endpoints, from an earlier run.
    private var slotHints: [FrontKey: SlotHint]
    private var conflicts: [FrontKey: [ServiceProblem]] = [:]
    private var faultyFields = 0
    package private(set) var healthChecks: [ServiceID: HealthCheck] = [:]

    package init(nodeName: String, slotHints: [FrontKey: SlotHint] = [:]) {
        self.nodeName = nodeName
        self.slotHints = slotHints
    }

    /// The endpoints of one front by slot, as they were found.
    package struct SlotHint: Sendable {
        package var wide: [SocketEndpoint]
        package var near: [SocketEndpoint]

        package init(wide: [SocketEndpoint] = [], near: [SocketEndpoint] = []) {
            self.wide = wide
            self.near = near
        }
    }

    /// Takes in what happened and says what must change.
    package mutating func apply(_ changes: some Sequence<ClusterChange>) -> RuleChange {
        var result = RuleChange()
        var dirty: Set<ServiceID> = []
        let podsBefore = podRanges
        let rangesBefore = serviceRanges
        let nodeBefore = node
        for change in changes { absorb(change, &dirty) }
        if node != nodeBefore { dirty.formUnion(definitions.keys) }
        replace(podsBefore, by: podRanges, RuleElement.podRange, &result)
        replace(rangesBefore, by: serviceRanges, RuleElement.serviceRange, &result)
        decide(dirty, &result)
        return result
    }

    /// Takes a Service out that the kernel refuses, until it changes.
    package mutating func quarantine(_ service: ServiceID, reason: String) -> RuleChange {
        quarantined[service] = reason
        var result = RuleChange()
        decide([service], &result)
        return result
    }

    /// Every element that the kernel should hold.
    package var elements: [RuleElement] {
        var elements: [RuleElement] = []
        for (key, front) in installed { elements += front.elements(of: key) }
        elements += clusterAddresses.keys.map(RuleElement.clusterAddress)
        elements += hairpins.keys.map(RuleElement.hairpin)
        elements += podRanges.map(RuleElement.podRange)
        elements += serviceRanges.map(RuleElement.serviceRange)
        return elements
    }

    package var problems: [ServiceProblem] {
        (programs.values.flatMap(\.problems) + conflicts.values.joined()).sorted {
            ($0.service, $0.field, $0.message) < ($1.service, $1.field, $1.message)
        }
    }

    /// How many `problems` there are.
    package var problemCount: Int { faultyFields + conflicts.values.reduce(0) { $0 + $1.count } }

    package var serviceCount: Int { definitions.count }

    package func program(of service: ServiceID) -> ServiceProgram? { programs[service] }

    package var services: [ServiceID] { definitions.keys.sorted() }

    package func holds(clusterAddress address: IPAddress) -> Bool { clusterAddresses[address] != nil }

}

extension ServiceTable {
    private mutating func absorb(_ change: ClusterChange, _ dirty: inout Set<ServiceID>) {
        switch change {
        case .service(let id, let service):
            let definition = service.flatMap { ServiceDefinition($0, id: id) }
            if definitions[id] != definition || quarantined.removeValue(forKey: id) != nil { dirty.insert(id) }
            definitions[id] = definition
        case .slice(let namespace, let name, let slice):
            absorb(slice, namespace: namespace, name: name, &dirty)
        case .node(let name, let node):
            nodes[name] = node.map { NodeView($0) }
            podRanges = nodes.values.flatMap(\.podRanges).withoutOverlaps
            refreshNode()
        case .serviceRanges(let ranges):
            serviceRanges = ranges.withoutOverlaps
        case .nodePortAddresses(let addresses):
            nodePortAddresses = addresses
            refreshNode()
        }
    }

    private mutating func absorb(
        _ slice: EndpointSlice?, namespace: String, name: String, _ dirty: inout Set<ServiceID>
    ) {
        let id = ServiceID(namespace: namespace, name: name)
        let view = slice.flatMap { SliceView($0, namespace: namespace, nodeName: nodeName) }
        if let owner = sliceOwners[id], owner != view?.service {
            slices[owner]?[name] = nil
            if slices[owner]?.isEmpty == true { slices[owner] = nil }
            sliceOwners[id] = nil
            dirty.insert(owner)
        }
        guard let view, slices[view.service]?[name] != view else { return }
        slices[view.service, default: [:]][name] = view
        sliceOwners[id] = view.service
        dirty.insert(view.service)
    }

    private mutating func refreshNode() {
        let own = nodes[nodeName] ?? NodeView()
        node = NodeContext(
            zone: own.zone, addresses: own.internalAddresses,
            nodePortAddresses: (nodePortAddresses ?? own.primaryAddresses).filter { !$0.isLoopback })
    }

    private func replace(
        _ old: [IPPrefix], by new: [IPPrefix], _ element: (IPPrefix) -> RuleElement, _ result: inout RuleChange
    ) {
        guard old != new else { return }
        let (before, after) = (Set(old), Set(new))
        result.removed += old.filter { !after.contains($0) }.map(element)
        result.added += new.filter { !before.contains($0) }.map(element)
    }
}

extension ServiceTable {
    private mutating func decide(_ dirty: Set<ServiceID>, _ result: inout RuleChange) {
        var touched: Set<FrontKey> = []
        var counts = AddressCounts()
        for id in dirty {
            let old = programs[id] ?? .none
            let new = decideProgram(id)
            guard old != new || programs[id] == nil else { continue }
            programs[id] = definitions[id] == nil ? nil : new
            touch(id, old, new, &touched)
            counts.add(old, new)
            faultyFields += new.problems.count - old.problems.count
            if old.healthCheck != new.healthCheck {
                healthChecks[id] = new.healthCheck
                result.healthChecks[id] = .some(new.healthCheck)
            }
            result.newProblems += new.problems.filter { !old.problems.contains($0) }
        }
        for key in touched { install(key, &result) }
        counts.clusterAddresses.settle(&clusterAddresses, RuleElement.clusterAddress, &result)
        counts.hairpins.settle(&hairpins, RuleElement.hairpin, &result)
    }

    private func decideProgram(_ id: ServiceID) -> ServiceProgram {
        guard let definition = definitions[id] else { return .none }
        if let reason = quarantined[id] {
            var program = ServiceProgram.none
            program.problems =
                definition.problems + [
                    ServiceProblem(service: id, field: "spec", message: "the kernel refuses its rules: \(reason)")
                ]
            return program
        }
        let views = (slices[id] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        return ServiceProgram(definition, slices: views, node: node)
    }

    private mutating func touch(
        _ id: ServiceID, _ old: ServiceProgram, _ new: ServiceProgram, _ touched: inout Set<FrontKey>
    ) {
        if old.fronts.isEmpty {
            for placed in new.fronts {
                claims[placed.key, default: []].append(id)
                touched.insert(placed.key)
            }
            return
        }
        let before = Dictionary(old.fronts.map { ($0.key, $0.front) }, uniquingKeysWith: { first, _ in first })
        var after: Set<FrontKey> = []
        for placed in new.fronts {
            after.insert(placed.key)
            guard let known = before[placed.key] else {
                claims[placed.key, default: []].append(id)
                touched.insert(placed.key)
                continue
            }
            if known != placed.front { touched.insert(placed.key) }
        }
        for key in before.keys where !after.contains(key) {
            claims[key]?.removeAll { $0 == id }
            if claims[key]?.isEmpty == true { claims[key] = nil }
            touched.insert(key)
        }
    }

    /// Gives a front to whom it belongs, and writes down what that changes.
    private mutating func install(_ key: FrontKey, _ result: inout RuleChange) {
        let claimants = (claims[key] ?? []).compactMap { programs[$0]?.front(at: key) }
        var new = claimants.min { $0.origin.precedes($1.origin) }
        noteConflict(key, claimants, winner: new, &result)
        let old = installed[key]
        let hint = slotHints.removeValue(forKey: key)
        if var front = new {
            front.wide = arranged(front.wide, keeping: old?.wide ?? hint?.wide ?? [])
            front.near = arranged(front.near, keeping: old?.near ?? hint?.near ?? [])
            new = front
        }
        guard old != new else { return }
        installed[key] = new
        let before = old?.elements(of: key) ?? []
        let after = new?.elements(of: key) ?? []
        if before.isEmpty {
            result.added += after
        } else {
            let (was, will) = (Set(before), Set(after))
            result.removed += before.filter { !will.contains($0) }
            result.added += after.filter { !was.contains($0) }
        }
        noteFlows(key, from: old, to: new, &result)
    }

    private func noteFlows(_ key: FrontKey, from old: Front?, to new: Front?, _ result: inout RuleChange) {
        let stays = new?.endpoints ?? []
        let lost = old.map { !$0.endpoints.isSubset(of: stays) } ?? false
        // A flow that began while there was nowhere to send it to is remembered as going to the front itself.
        if key.protocol.hasLingeringFlows, new == nil || lost || old?.wide.isEmpty != false {
            result.lingering[key] = stays
        }
        guard let old, old.affinityTimeout > 0 else { return }
        let holders = AffinityHolders(new)
        if lost || holders.near != AffinityHolders(old).near || new?.affinityTimeout == 0 {
            result.affinities[key] = holders
        }
    }

    private mutating func noteConflict(
        _ key: FrontKey, _ claimants: [Front], winner: Front?, _ result: inout RuleChange
    ) {
        let known = conflicts[key] ?? []
        let losers = claimants.filter { $0.origin.service != winner?.origin.service }
        guard let winner, !losers.isEmpty else {
            conflicts[key] = nil
            return
        }
        let problems = losers.map { loser in
            ServiceProblem(
                service: loser.origin.service, field: "\(loser.origin.role.rawValue) \(key)",
                message: "Service \(winner.origin.service) is older and holds it")
        }
        conflicts[key] = problems
        result.newProblems += problems.filter { !known.contains($0) }
    }
}
