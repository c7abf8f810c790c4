import KubernetesModel
import NetTypes
import ServiceRules

/// Objects of a small cluster, as the API server gives them.
enum ClusterObjects {
    static let node: ClusterChange = {
        var node = Node(
            metadata: ObjectMeta(name: TestNode.name),
            spec: .init(podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24", "fd44::/64"]))
        node.status = .init(addresses: [
            .init(type: "InternalIP", address: TestNode.address), .init(type: "InternalIP", address: "fd77::1"),
        ])
        return .node(name: TestNode.name, node)
    }()

    static func service(
        _ name: String, _ clusterIPs: [String], port: Int32 = 80, nodePort: Int32? = nil, protocol: String = "TCP",
        _ change: (inout Service) -> Void = { _ in }
    ) -> ClusterChange {
        var servicePort = Service.Port(name: nil, protocol: `protocol`, port: port)
        servicePort.nodePort = nodePort
        var service = Service(metadata: ObjectMeta(name: name, namespace: "default"), spec: .init(ports: [servicePort]))
        service.spec?.type = nodePort == nil ? "ClusterIP" : "NodePort"
        service.spec?.clusterIP = clusterIPs.first
        service.spec?.clusterIPs = clusterIPs
        change(&service)
        return .service(ServiceID(namespace: "default", name: name), service)
    }

    /// `local`: which of the addresses are on this node.
    static func slice(
        _ service: String, _ addresses: [String], local: Set<String> = [], port: Int32 = 8080, protocol: String = "TCP",
        family: String = "IPv4"
    ) -> ClusterChange {
        let slice = EndpointSlice(
            metadata: ObjectMeta(
                name: "\(service)-\(family)", namespace: "default", labels: [EndpointSlice.serviceLabel: service]),
            addressType: family,
            endpoints: addresses.map {
                .init(
                    addresses: [$0], conditions: .init(ready: true),
                    nodeName: local.contains($0) ? TestNode.name : "worker-2")
            },
            ports: [.init(name: nil, protocol: `protocol`, port: port)])
        return .slice(namespace: "default", name: "\(service)-\(family)", slice)
    }
}
