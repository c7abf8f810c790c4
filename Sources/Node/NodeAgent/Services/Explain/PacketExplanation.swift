package import NetTypes
import Netlink
package import ServiceRules

/// What would happen to a new connection, from the objects, the kernel's elements and its routes.
package struct PacketExplanation: Hashable, Sendable {
    package var packet: Packet
    package var decision: PacketDecision
    /// Whether the kernel's element for this front says the same; `nil` where there should be none.
    package var kernelAgrees: Bool?
    /// From the first step to the last, for people.
    package var lines: [String]
    /// Where each endpoint is reached: link and next hop.
    package var routes: [SocketEndpoint: String]
}

extension ServiceProgrammer {
    /// Explains a connection from `source` to `destination`.
    /// - Parameter isFromThisNode: whether the source is one of this node's addresses; asked of the kernel where `nil`.
    package func explain(
        from source: IPAddress, to destination: FrontKey, isFromThisNode: Bool? = nil
    ) throws
        -> PacketExplanation
    {
        let routing = try RouteSocket(in: options.namespace)
        let isLocal = try isFromThisNode ?? routing.addresses().contains { $0.address == source }
        let packet = Packet(source: source, isFromThisNode: isLocal, destination: destination)
        var result = PacketExplanation(
            packet: packet, decision: table.decide(packet), kernelAgrees: nil, lines: [], routes: [:])
        result.lines.append("\(source)\(origin(packet)) connects to \(destination)")
        try explainElement(destination, &result)
        switch result.decision {
        case .untouched:
            result.lines.append("no rule of Services concerns it: it is routed as it is")
            result.lines.append("route: \(route(to: destination.address, routing))")
        case .rejected(let reason): result.lines.append("refused (ICMP port unreachable): \(reason.words)")
        case .dropped(let reason): result.lines.append("dropped in silence: \(reason.words)")
        case .balanced(let front, let endpoints, let isMasqueraded):
            explainBalance(front, endpoints, isMasqueraded, packet, routing, &result)
        }
        return result
    }

    private func origin(_ packet: Packet) -> String {
        if packet.isFromThisNode { return " (this node)" }
        if let range = table.podRanges.first(where: { $0.contains(packet.source) }) { return " (a pod, in \(range))" }
        return " (outside the cluster)"
    }

    private func explainElement(_ key: FrontKey, _ result: inout PacketExplanation) throws {
        guard let front = table.installed[key] else { return }
        let layout = ServiceLayout(family: key.address.family)
        let element = front.elements(of: key).first
        guard let element, let first = try kernel.find(element, layout) else {
            result.kernelAgrees = false
            result.lines.append(
                "Service \(front.origin.service) should answer here, but the kernel has no element for it")
            return
        }
        result.kernelAgrees = first == element
        let set = element.setName.rawValue
        let leads = front.wideClass.map { " → chain \($0.chainName)" } ?? ""
        result.lines.append(
            "element of \(layout.table) \(set): \(key)\(leads), for Service \(front.origin) (\(front.origin.role.rawValue))"
        )
        if first != element { result.lines.append("the kernel's element says otherwise: \(first)") }
    }

    private func explainBalance(
        _ front: Front, _ endpoints: [SocketEndpoint], _ isMasqueraded: Bool, _ packet: Packet, _ routing: RouteSocket,
        _ result: inout PacketExplanation
    ) {
        let place = endpoints == front.near && front.policy == .local ? " of this node" : ""
        result.lines.append(
            endpoints.count == 1
                ? "sent to the one endpoint\(place)" : "sent to one of \(endpoints.count) endpoints\(place), at random")
        if front.affinityTimeout > 0 {
            result.lines.append("a client keeps its endpoint for \(front.affinityTimeout) s after its last connection")
        }
        for endpoint in endpoints.sorted().prefix(Self.mostExplainedEndpoints) {
            let way = route(to: endpoint.address, routing)
            result.routes[endpoint] = way
            let itself = endpoint.address == packet.source ? ", masqueraded, since it is the client itself" : ""
            result.lines.append("  \(endpoint) \(way)\(itself)")
        }
        if endpoints.count > Self.mostExplainedEndpoints {
            result.lines.append("  and \(endpoints.count - Self.mostExplainedEndpoints) more")
        }
        result.lines.append(
            isMasqueraded
                ? "the endpoint sees this node's address (masquerade)"
                : "the endpoint sees the client's address \(packet.source)")
    }

    private static let mostExplainedEndpoints = 20

    private func route(to address: IPAddress, _ routing: RouteSocket) -> String {
        do {
            let route = try routing.route(to: address)
            let link = try route.link.map { try routing.link(.index($0)).name } ?? "no link"
            return route.gateway.map { "via \($0) dev \(link)" } ?? "dev \(link)"
        } catch {
            return "has no route (\(error))"
        }
    }
}

extension KernelRules {
    /// The element that the kernel finds under this one's key.
    func find(_ element: RuleElement, _ layout: ServiceLayout) throws -> RuleElement? {
        let set = element.setName
        return try nftables.element(element.key, of: set.rawValue, in: layout.table).flatMap {
            RuleElement($0, of: set, layout.family)
        }
    }
}

extension PacketDecision.Reason {
    /// For people.
    package var words: String {
        switch self {
        case .outsideTheCluster: "a ClusterIP is for this cluster's nodes and pods only"
        case .noEndpoints(let origin):
            "Service \(origin) has no endpoint that is ready, or that serves while it terminates"
        case .noEndpointOnThisNode(let origin):
            "Service \(origin) has the traffic policy Local, and no endpoint on this node"
        case .sourceNotPermitted(let origin): "the client is in none of Service \(origin)'s loadBalancerSourceRanges"
        case .noSuchPort: "the Service at this ClusterIP has no such port"
        case .noSuchService: "the address is of the range of ClusterIPs, and no Service has it"
        }
    }
}
