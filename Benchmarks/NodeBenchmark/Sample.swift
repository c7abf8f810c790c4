import KubernetesModel
import ServiceRules

/// Services with a ClusterIP and two endpoints each.
enum Sample {
    static func address(_ number: Int) -> String { "10.\(96 + number >> 16).\(number >> 8 & 255).\(number & 255)" }

    static func endpoints(_ number: Int) -> [String] {
        (0..<2).map { index in
            let place = number * 2 + index
            return "10.\(128 + place >> 16).\(place >> 8 & 255).\(place & 255)"
        }
    }

    static func service(_ number: Int) -> ClusterChange {
        var service = Service(
            metadata: ObjectMeta(name: "svc\(number)", namespace: "ns"), spec: .init(ports: [.init(port: 80)]))
        service.spec?.clusterIP = address(number)
        service.spec?.clusterIPs = [address(number)]
        return .service(ServiceID(namespace: "ns", name: "svc\(number)"), service)
    }

    static func slice(_ number: Int, _ endpoints: [String]) -> ClusterChange {
        let slice = EndpointSlice(
            metadata: ObjectMeta(
                name: "svc\(number)-1", namespace: "ns", labels: [EndpointSlice.serviceLabel: "svc\(number)"]),
            endpoints: endpoints.map { .init(addresses: [$0], conditions: .init(ready: true), nodeName: "other") },
            ports: [.init(port: 8080)])
        return .slice(namespace: "ns", name: "svc\(number)-1", slice)
    }

    static func objects(_ numbers: Range<Int>) -> [ClusterChange] {
        numbers.flatMap { [service($0), slice($0, endpoints($0))] }
    }

    static let node = ClusterChange.node(
        name: "node", Node(metadata: ObjectMeta(name: "node"), spec: .init(podCIDRs: ["10.128.0.0/9"])))
}
