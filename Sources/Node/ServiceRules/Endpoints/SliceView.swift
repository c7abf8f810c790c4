import KubernetesModel
import NetTypes

/// An EndpointSlice as the rules see it: small, because a node holds every slice of the cluster.
package struct SliceView: Hashable, Sendable {
    var service: ServiceID
    var family: IPAddress.Family
    var ports: [Port]
    var endpoints: [Endpoint]

    struct Port: Hashable, Sendable {
        var name: String
        var `protocol`: TransportProtocol
        var number: UInt16
    }

    struct Endpoint: Hashable, Sendable {
        var address: IPAddress
        var state: EndpointState
        var isLocal: Bool
        /// `nil` without hints for nodes; else whether this node is among them.
        var isHintedForThisNode: Bool?
        var zoneHints: [String]
    }

    /// `nil` for a slice that belongs to no Service, to another proxy's Service, or that holds names instead of addresses.
    init?(_ slice: EndpointSlice, namespace: String, nodeName: String) {
        let labels = slice.metadata.labels ?? [:]
        guard let owner = labels[EndpointSlice.serviceLabel], !owner.isEmpty,
            labels[ServiceDefinition.proxyNameLabel] == nil, labels[ServiceDefinition.headlessLabel] == nil
        else { return nil }
        switch slice.addressType {
        case "IPv4": family = .v4
        case "IPv6": family = .v6
        default: return nil
        }
        service = ServiceID(namespace: namespace, name: owner)
        ports = (slice.ports ?? []).compactMap { port in
            // A slice port without a number means any port, which nothing can be sent to.
            guard let number = port.port.flatMap({ UInt16(exactly: $0) }), number > 0,
                let transport = TransportProtocol(name: port.protocol)
            else { return nil }
            return Port(name: port.name ?? "", protocol: transport, number: number)
        }
        let family = family
        endpoints = (slice.endpoints ?? []).compactMap { Endpoint($0, family: family, nodeName: nodeName) }
    }
}

extension SliceView.Endpoint {
    init?(_ endpoint: EndpointSlice.Endpoint, family: IPAddress.Family, nodeName: String) {
        // The API: consumers use the first address only.
        guard let address = endpoint.addresses.first.flatMap({ IPAddress($0) }), address.family == family else {
            return nil
        }
        self.address = address
        state = EndpointState(endpoint.conditions)
        isLocal = endpoint.nodeName == nodeName
        let nodes = endpoint.hints?.forNodes ?? []
        isHintedForThisNode = nodes.isEmpty ? nil : nodes.contains { $0.name == nodeName }
        zoneHints = (endpoint.hints?.forZones ?? []).map(\.name)
    }
}

/// How far an endpoint may be used.
enum EndpointState: Int, Hashable, Sendable, Comparable {
    /// Not at all.
    case unusable
    /// It shuts down and still answers: only where no ready one is left (KEP-1669).
    case draining
    case ready

    /// What is unknown counts as ready and serving, and not as terminating.
    init(_ conditions: EndpointSlice.Conditions?) {
        let isReady = conditions?.ready ?? true
        if isReady {
            self = .ready
        } else if conditions?.serving ?? isReady, conditions?.terminating ?? false {
            self = .draining
        } else {
            self = .unusable
        }
    }

    static func < (a: EndpointState, b: EndpointState) -> Bool { a.rawValue < b.rawValue }
}
