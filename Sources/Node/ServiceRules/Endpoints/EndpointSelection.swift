import NetTypes

/// The endpoints of one Service port in one family that this node may use, under each traffic policy.
struct EndpointSelection: Hashable, Sendable {
    /// For the policy Cluster: hints followed, else all ready ones, else those that drain.
    var wide: [SocketEndpoint] = []
    /// For the policy Local: this node's own ready ones, else this node's own that drain.
    var near: [SocketEndpoint] = []
    /// Whether anything anywhere in the cluster can be used, which tells a refusal from silence.
    var hasAny = false

    struct Candidate: Hashable {
        var address: SocketEndpoint
        var endpoint: SliceView.Endpoint
    }

    init() {}

    /// Follows kube-proxy's order of decisions, each policy for itself: a node whose own endpoints all drain keeps serving Local
    /// traffic from them, even though other nodes have ready ones.
    init(_ candidates: [Candidate], zone: String?) {
        let ready = candidates.filter { $0.endpoint.state == .ready }
        let draining = candidates.filter { $0.endpoint.state == .draining }
        hasAny = !ready.isEmpty || !draining.isEmpty
        let usable = ready.isEmpty ? draining : Self.followingHints(ready, zone: zone)
        wide = usable.map(\.address).sorted()
        let own = ready.filter(\.endpoint.isLocal)
        near = (own.isEmpty ? draining.filter(\.endpoint.isLocal) : own).map(\.address).sorted()
    }

    /// Hints count only where every ready endpoint has them and one is meant for here; a half-hinted Service is used whole.
    private static func followingHints(_ ready: [Candidate], zone: String?) -> [Candidate] {
        if ready.allSatisfy({ $0.endpoint.isHintedForThisNode != nil }) {
            let forNode = ready.filter { $0.endpoint.isHintedForThisNode == true }
            if !forNode.isEmpty { return forNode }
        }
        if let zone, !zone.isEmpty, ready.allSatisfy({ !$0.endpoint.zoneHints.isEmpty }) {
            let forZone = ready.filter { $0.endpoint.zoneHints.contains(zone) }
            if !forZone.isEmpty { return forZone }
        }
        return ready
    }
}

extension EndpointSelection {
    /// The candidates for one port, out of a Service's slices given in the order of their names. An endpoint that moves between
    /// slices stands in both for a moment: its better state counts, once.
    static func candidates(
        named name: String, _ transport: TransportProtocol, family: IPAddress.Family, in slices: [SliceView]
    ) -> [Candidate] {
        var found: [SocketEndpoint: Candidate] = [:]
        for slice in slices where slice.family == family {
            for port in slice.ports where port.name == name && port.protocol == transport {
                for endpoint in slice.endpoints where endpoint.state != .unusable {
                    let address = SocketEndpoint(address: endpoint.address, port: port.number)
                    if let known = found[address], known.endpoint.state >= endpoint.state { continue }
                    found[address] = Candidate(address: address, endpoint: endpoint)
                }
            }
        }
        return Array(found.values)
    }
}
