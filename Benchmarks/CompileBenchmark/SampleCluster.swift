import KubernetesModel
import TrafficCompiler

/// A made-up cluster of a given number of routes.
struct SampleCluster {
    private static let routesOfHost = 10
    private let hosts: Int
    private let services: Int

    init(routes: Int) {
        hosts = max(1, routes / Self.routesOfHost)
        services = max(2, routes / 5)
    }

    var all: [SourceChange] {
        [ingressClass] + (0..<services).flatMap { [service($0), slice($0, turn: 0)] }
            + (0..<hosts).map { ingress(host: $0, firstService: $0 * Self.routesOfHost) }
    }

    func newHost(_ round: Int) -> [SourceChange] {
        [ingress(host: hosts + round, firstService: round)]
    }

    func movedHost(_ round: Int) -> [SourceChange] {
        let host = round % hosts
        return [ingress(host: host, firstService: host * Self.routesOfHost + 1 + round / hosts)]
    }

    func changedEndpoints(round: Int) -> [SourceChange] {
        [slice(round % services, turn: 1 + round / services)]
    }

    private var ingressClass: SourceChange {
        .ingressClass(
            ObjectName(namespace: "", name: "fairway"),
            IngressClass(
                metadata: ObjectMeta(name: "fairway"),
                spec: IngressClass.Spec(controller: "fairway.dev/ingress-controller")))
    }

    private func ingress(host: Int, firstService: Int) -> SourceChange {
        let paths = (0..<Self.routesOfHost).map { place in
            Ingress.Path(
                path: "/p\(place)", pathType: "Prefix",
                backend: Ingress.Backend(
                    service: Ingress.ServiceBackend(
                        name: "s\((firstService + place) % services)", port: .init(number: 80))))
        }
        let rule = Ingress.Rule(host: "h\(host).example", http: Ingress.HTTP(paths: paths))
        let ingress = Ingress(
            metadata: metadata("i\(host)"), spec: Ingress.Spec(ingressClassName: "fairway", rules: [rule]))
        return .ingress(ingress.objectName, ingress)
    }

    private func service(_ index: Int) -> SourceChange {
        let service = Service(
            metadata: metadata("s\(index)"),
            spec: Service.Spec(type: "ClusterIP", ports: [Service.Port(port: 80, targetPort: .int(8080))]))
        return .service(service.objectName, service)
    }

    private func slice(_ index: Int, turn: Int) -> SourceChange {
        let addresses = [
            "10.\(turn % 200).\(index / 250).\(1 + index % 250)", "10.201.\(index / 250).\(1 + index % 250)",
        ]
        let slice = EndpointSlice(
            metadata: metadata("s\(index)-1", labels: [EndpointSlice.serviceLabel: "s\(index)"]),
            endpoints: addresses.map { EndpointSlice.Endpoint(addresses: [$0], conditions: .init(ready: true)) },
            ports: [EndpointSlice.Port(port: 8080)])
        return .endpointSlice(slice.objectName, slice)
    }

    private func metadata(_ name: String, labels: [String: String]? = nil) -> ObjectMeta {
        ObjectMeta(
            name: name, namespace: "default", uid: name, creationTimestamp: Timestamp(secondsSinceEpoch: 1_790_000_000),
            labels: labels)
    }
}
