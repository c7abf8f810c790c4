package import NetTypes

/// The first packet of a connection, as it reaches a node or leaves one of its processes.
package struct Packet: Hashable, Sendable {
    package var source: IPAddress
    /// Whether the source is an address of this node.
    package var isFromThisNode: Bool
    package var destination: FrontKey

    package init(source: IPAddress, isFromThisNode: Bool, destination: FrontKey) {
        self.source = source
        self.isFromThisNode = isFromThisNode
        self.destination = destination
    }
}

/// What the rules do with it.
package enum PacketDecision: Hashable, Sendable {
    /// One of `endpoints` is chosen at random; the client's address is hidden behind the node's where `isMasqueraded`, and always where
    /// the endpoint is the client itself.
    case balanced(Front, endpoints: [SocketEndpoint], isMasqueraded: Bool)
    /// The client is told that nobody listens.
    case rejected(Reason)
    /// Silence.
    case dropped(Reason)
    /// No rule concerns it.
    case untouched

    package enum Reason: Hashable, Sendable {
        case outsideTheCluster
        case noEndpoints(FrontOrigin)
        case noEndpointOnThisNode(FrontOrigin)
        case sourceNotPermitted(FrontOrigin)
        case noSuchPort
        case noSuchService
    }
}

extension ServiceTable {
    /// The reference semantics of the kernel's rules, in the order in which they run: guard, choice, refusal.
    package func decide(_ packet: Packet) -> PacketDecision {
        let key = packet.destination
        let isClusterAddress = holds(clusterAddress: key.address)
        let isInServiceRange = serviceRanges.contains { $0.contains(key.address) }
        let isFromPod = podRanges.contains { $0.contains(packet.source) }
        if isClusterAddress || isInServiceRange, !isFromPod, !packet.isFromThisNode {
            return .dropped(.outsideTheCluster)
        }
        guard let front = installed[key] else {
            if isClusterAddress { return .rejected(.noSuchPort) }
            return isInServiceRange ? .rejected(.noSuchService) : .untouched
        }
        if let sources = front.sources, !sources.contains(where: { $0.contains(packet.source) }) {
            return .dropped(.sourceNotPermitted(front.origin))
        }
        guard !front.wide.isEmpty else {
            return front.refusal == .reject
                ? .rejected(.noEndpoints(front.origin)) : .dropped(.noEndpointOnThisNode(front.origin))
        }
        switch front.policy {
        case .internal: return .balanced(front, endpoints: front.wide, isMasqueraded: !isFromPod)
        case .external: return .balanced(front, endpoints: front.wide, isMasqueraded: true)
        case .local: break
        }
        if isFromPod { return .balanced(front, endpoints: front.wide, isMasqueraded: false) }
        if packet.isFromThisNode { return .balanced(front, endpoints: front.wide, isMasqueraded: true) }
        guard !front.near.isEmpty else { return .dropped(.noEndpointOnThisNode(front.origin)) }
        return .balanced(front, endpoints: front.near, isMasqueraded: false)
    }
}
