import KubernetesModel
import NetTypes

@testable import ServiceRules

/// Objects as an API server gives them, with as few words as a test needs.
enum Sample {
    static let node = "worker-1"
    static let nodeAddress = "192.168.0.10"
    static let podRange = "10.180.0.0/16"

    static func node(
        _ name: String = node, address: String = nodeAddress, pods: [String] = [podRange], zone: String? = nil
    )
        -> ClusterChange
    {
        var node = Node(
            metadata: ObjectMeta(name: name, labels: zone.map { ["topology.kubernetes.io/zone": $0] }),
            spec: .init(podCIDR: pods.first, podCIDRs: pods))
        node.status = .init(addresses: [.init(type: "InternalIP", address: address)])
        return .node(name: name, node)
    }

    static func service(
        _ name: String, _ clusterIPs: String..., created: Int64 = 0, ports: [Service.Port] = [tcp(80)],
        _ change: (inout Service) -> Void = { _ in }
    ) -> ClusterChange {
        var service = Service(metadata: ObjectMeta(name: name, namespace: "ns"), spec: .init(ports: ports))
        service.metadata.creationTimestamp = Timestamp(secondsSinceEpoch: created)
        service.spec?.type = "ClusterIP"
        service.spec?.clusterIP = clusterIPs.first
        service.spec?.clusterIPs = clusterIPs
        change(&service)
        return .service(ServiceID(namespace: "ns", name: name), service)
    }

    static func tcp(
        _ port: Int32, name: String? = nil, nodePort: Int32? = nil, protocol: String? = "TCP"
    ) -> Service.Port {
        var port = Service.Port(name: name, protocol: `protocol`, port: port)
        port.nodePort = nodePort
        return port
    }

    static func slice(
        _ service: String, part: String = "1", port: Int32 = 8080, portName: String? = nil, protocol: String? = "TCP",
        family: String = "IPv4", _ endpoints: [EndpointSlice.Endpoint]
    ) -> ClusterChange {
        let slice = EndpointSlice(
            metadata: ObjectMeta(
                name: "\(service)-\(part)", namespace: "ns", labels: [EndpointSlice.serviceLabel: service]),
            addressType: family, endpoints: endpoints,
            ports: [.init(name: portName, protocol: `protocol`, port: port)])
        return .slice(namespace: "ns", name: "\(service)-\(part)", slice)
    }

    /// `local`: on this test's node.
    static func endpoint(
        _ address: String, local: Bool = false, ready: Bool? = true, serving: Bool? = nil, terminating: Bool? = nil,
        zones: [String] = [], nodes: [String] = []
    ) -> EndpointSlice.Endpoint {
        EndpointSlice.Endpoint(
            addresses: [address], conditions: .init(ready: ready, serving: serving, terminating: terminating),
            nodeName: local ? node : "worker-2",
            hints: zones.isEmpty && nodes.isEmpty
                ? nil : .init(forZones: zones.map { .init(name: $0) }, forNodes: nodes.map { .init(name: $0) }))
    }

    static func draining(_ address: String, local: Bool = false) -> EndpointSlice.Endpoint {
        endpoint(address, local: local, ready: false, serving: true, terminating: true)
    }

    static func table(_ changes: ClusterChange...) -> ServiceTable {
        var table = ServiceTable(nodeName: node)
        _ = table.apply([node()] + changes)
        return table
    }
}

func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { preconditionFailure("\(text) is no address") }
    return address
}

func range(_ text: String) -> IPPrefix {
    guard let prefix = IPPrefix(text) else { preconditionFailure("\(text) is no range") }
    return prefix
}

func key(_ text: String, _ port: UInt16, _ transport: TransportProtocol = .tcp) -> FrontKey {
    FrontKey(address: address(text), protocol: transport, port: port)
}

func endpoint(_ text: String, _ port: UInt16 = 8080) -> SocketEndpoint {
    SocketEndpoint(address: address(text), port: port)
}

extension ServiceTable {
    /// Where a packet goes, as short text: `10.0.0.1:8080, 10.0.0.2:8080` with `masq` where the client is hidden.
    func outcome(from source: String, to destination: FrontKey, isNode: Bool? = nil) -> String {
        let packet = Packet(
            source: address(source), isFromThisNode: isNode ?? (source == Sample.nodeAddress),
            destination: destination)
        switch decide(packet) {
        case .balanced(_, let endpoints, let isMasqueraded):
            return endpoints.sorted().map(\.description).joined(separator: ", ") + (isMasqueraded ? " masq" : "")
        case .rejected(let reason): return "rejected: \(reason.short)"
        case .dropped(let reason): return "dropped: \(reason.short)"
        case .untouched: return "untouched"
        }
    }
}

extension PacketDecision.Reason {
    var short: String {
        switch self {
        case .outsideTheCluster: "outside"
        case .noEndpoints: "no endpoints"
        case .noEndpointOnThisNode: "none here"
        case .sourceNotPermitted: "source"
        case .noSuchPort: "no port"
        case .noSuchService: "no service"
        }
    }
}
