package import NetTypes

/// Everything that one Service asks of this node's rules.
package struct ServiceProgram: Hashable, Sendable {
    package struct PlacedFront: Hashable, Sendable {
        package var key: FrontKey
        package var front: Front
    }

    package var fronts: [PlacedFront] = []
    package var clusterAddresses: [IPAddress] = []
    /// This node's own endpoints, each once.
    package var hairpins: [IPAddress] = []
    package var healthCheck: HealthCheck?
    package var problems: [ServiceProblem] = []

    package static let none = ServiceProgram()

    package func front(at key: FrontKey) -> Front? { fronts.first { $0.key == key }?.front }
}

/// What a load balancer asks at a Service's `healthCheckNodePort`.
package struct HealthCheck: Hashable, Sendable {
    package var port: UInt16
    /// Ready ones on this node: those that drain do not count, so that the load balancer looks elsewhere in time.
    package var localEndpoints: Int
}

/// Where the rules are made for.
struct NodeContext: Hashable {
    var zone: String?
    var addresses: [IPAddress] = []
    var nodePortAddresses: [IPAddress] = []
}

extension ServiceProgram {
    /// Decides what one Service needs, from its definition and its slices in the order of their names.
    init(_ definition: ServiceDefinition, slices: [SliceView], node: NodeContext) {
        problems = definition.problems
        clusterAddresses = definition.clusterAddresses
        var own: Set<IPAddress> = []
        var localReady: Set<IPAddress> = []
        for port in definition.ports {
            for family in definition.families {
                let candidates = EndpointSelection.candidates(
                    named: port.name, port.protocol, family: family, in: slices)
                for candidate in candidates where candidate.endpoint.isLocal {
                    own.insert(candidate.address.address)
                    if candidate.endpoint.state == .ready { localReady.insert(candidate.address.address) }
                }
                var selection = EndpointSelection(candidates, zone: node.zone)
                limit(&selection, definition, port)
                appendFronts(definition, port, family, selection, node)
            }
        }
        hairpins = own.sorted()
        healthCheck = definition.healthCheckPort.map { HealthCheck(port: $0, localEndpoints: localReady.count) }
    }

    private mutating func limit(
        _ selection: inout EndpointSelection, _ definition: ServiceDefinition, _ port: ServiceDefinition.Port
    ) {
        let most = FrontClass.mostEndpoints
        guard selection.wide.count > most || selection.near.count > most else { return }
        problems.append(
            ServiceProblem(
                service: definition.id, field: "spec.ports[\(port.name.isEmpty ? "\(port.number)" : port.name)]",
                message: "it has \(selection.wide.count) endpoints; this node uses the first \(most)"))
        selection.wide = Array(selection.wide.prefix(most))
        selection.near = Array(selection.near.prefix(most))
    }

    private mutating func appendFronts(
        _ definition: ServiceDefinition, _ port: ServiceDefinition.Port, _ family: IPAddress.Family,
        _ selection: EndpointSelection, _ node: NodeContext
    ) {
        let ofFamily = { (addresses: [IPAddress]) in addresses.filter { $0.family == family } }
        let sources = permittedSources(definition, family, node)
        for address in ofFamily(definition.clusterAddresses) {
            place(definition, port, address, port.number, .clusterIP, selection)
        }
        for address in ofFamily(definition.externalAddresses) {
            place(definition, port, address, port.number, .externalIP, selection)
        }
        for address in ofFamily(definition.loadBalancerAddresses) {
            place(definition, port, address, port.number, .loadBalancer, selection, sources)
        }
        guard let nodePort = port.nodePort else { return }
        for address in ofFamily(node.nodePortAddresses) {
            place(definition, port, address, nodePort, .nodePort, selection)
        }
    }

    private mutating func place(
        _ definition: ServiceDefinition, _ port: ServiceDefinition.Port, _ address: IPAddress, _ number: UInt16,
        _ role: FrontOrigin.Role, _ selection: EndpointSelection, _ sources: [IPPrefix]? = nil
    ) {
        let key = FrontKey(address: address, protocol: port.protocol, port: number)
        // An address may be listed twice, as an external one and the load balancer's: the first use stands, unless the second is
        // the one that is restricted.
        if let known = fronts.firstIndex(where: { $0.key == key }) {
            if fronts[known].front.sources == nil { fronts[known].front.sources = sources }
            return
        }
        let origin = FrontOrigin(
            service: definition.id, createdAt: definition.createdAt, portName: port.name, role: role)
        let isInternal = role == .clusterIP
        let isLocal = isInternal ? definition.internalPolicyIsLocal : definition.externalPolicyIsLocal
        var front = Front(
            origin: origin, policy: isInternal ? .internal : isLocal ? .local : .external,
            affinityTimeout: definition.affinityTimeout, wide: selection.wide, sources: sources)
        if isInternal, isLocal {
            front.wide = selection.near
            // Other nodes' endpoints do not serve this node's clients, yet the Service is alive: silence, as kube-proxy does.
            front.refusal = selection.hasAny ? .drop : .reject
        } else if isLocal {
            front.near = selection.near
        }
        fronts.append(PlacedFront(key: key, front: front))
    }

    /// `nil`: everyone. A range that holds this node's address lets in the load balancer's addresses too, since a packet of this
    /// node to them may have one of them as its source.
    private func permittedSources(
        _ definition: ServiceDefinition, _ family: IPAddress.Family, _ node: NodeContext
    ) -> [IPPrefix]? {
        var ranges = definition.sourceRanges.filter { $0.address.family == family }
        guard !ranges.isEmpty || definition.hasFaultySourceRange else { return nil }
        let holdsThisNode = ranges.contains { range in node.addresses.contains { range.contains($0) } }
        if holdsThisNode {
            ranges += definition.loadBalancerAddresses.filter { $0.family == family }.map { IPPrefix($0) }
        }
        return ranges.withoutOverlaps
    }
}
