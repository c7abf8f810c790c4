import KubernetesModel

/// Services, Ingresses, endpoints.
enum NetworkTables {
    static let service: [TableColumn] = [
        .name,
        TableColumn("Type") { $0["spec"]?["type"]?.string ?? "" },
        TableColumn("Cluster-IP") { service in
            let first = service["spec"]?["clusterIPs"]?.array?.first?.string
            return CellText.orNone(first ?? service["spec"]?["clusterIP"]?.string)
        },
        TableColumn("External-IP") { externalAddresses($0) },
        TableColumn("Port(s)") { service in
            CellText.joined((service["spec"]?["ports"]?.array ?? []).map(port))
        },
        .age,
        TableColumn("Selector", wide: true) { CellText.labels($0["spec"]?["selector"]) },
    ]

    private static func port(_ port: JSONValue) -> String {
        let node = port["nodePort"]?.integer ?? 0
        return "\(port["port"]?.integer ?? 0)\(node > 0 ? ":\(node)" : "")/\(port["protocol"]?.string ?? "")"
    }

    private static func externalAddresses(_ service: JSONValue) -> String {
        let spec = service["spec"] ?? .null
        let extra = (spec["externalIPs"]?.array ?? []).compactMap(\.string)
        switch spec["type"]?.string {
        case "ExternalName": return CellText.orNone(spec["externalName"]?.string)
        case "LoadBalancer":
            let all = CellText.loadBalancer(service["status"]) + extra
            return all.isEmpty ? "<pending>" : all.joined(separator: ",")
        default: return CellText.joined(extra)
        }
    }

    static let ingress: [TableColumn] = [
        .name,
        TableColumn("Class") { ingress in
            let annotation = ingress["metadata"]?["annotations"]?["kubernetes.io/ingress.class"]?.string
            return CellText.orNone(ingress["spec"]?["ingressClassName"]?.string ?? annotation)
        },
        TableColumn("Hosts") { ingress in
            var hosts: [String] = []
            for rule in ingress["spec"]?["rules"]?.array ?? [] {
                let host = rule["host"]?.string ?? ""
                if !host.isEmpty, !hosts.contains(host) { hosts.append(host) }
            }
            return CellText.few(hosts, none: "*")
        },
        TableColumn("Address") { CellText.loadBalancer($0["status"]).joined(separator: ",") },
        TableColumn("Ports") { ($0["spec"]?["tls"]?.array ?? []).isEmpty ? "80" : "80, 443" },
        .age,
    ]

    static let ingressClass: [TableColumn] = [
        .name,
        TableColumn("Controller") { $0["spec"]?["controller"]?.string ?? "" },
        TableColumn("Parameters") { object in
            guard let parameters = object["spec"]?["parameters"], !parameters.isNull else { return "<none>" }
            let group = parameters["apiGroup"]?.string ?? ""
            let kind = parameters["kind"]?.string ?? ""
            return "\(kind)\(group.isEmpty ? "" : ".\(group)")/\(parameters["name"]?.string ?? "")"
        },
        .age,
    ]

    static let networkPolicy: [TableColumn] = [
        .name, TableColumn("Pod-Selector") { CellText.selector($0["spec"]?["podSelector"]) }, .age,
    ]

    static let endpointSlice: [TableColumn] = [
        .name,
        TableColumn("AddressType") { $0["addressType"]?.string ?? "" },
        TableColumn("Ports") { slice in
            let ports = (slice["ports"]?.array ?? []).map { port in
                port["port"]?.integer.map(String.init) ?? port["name"]?.string ?? "*"
            }
            return CellText.few(ports, none: "<unset>")
        },
        TableColumn("Endpoints") { slice in
            let addresses = (slice["endpoints"]?.array ?? []).flatMap { $0["addresses"]?.array ?? [] }
            return CellText.few(addresses.compactMap(\.string), none: "<unset>")
        },
        .age,
    ]

    static let endpoints: [TableColumn] = [
        .name,
        TableColumn("Endpoints") { object in
            let all = (object["subsets"]?.array ?? []).flatMap { subset -> [String] in
                let addresses = (subset["addresses"]?.array ?? []).compactMap { $0["ip"]?.string }
                let ports = (subset["ports"]?.array ?? []).compactMap { $0["port"]?.integer }
                if ports.isEmpty { return addresses }
                return addresses.flatMap { address in
                    ports.map { address.contains(":") ? "[\(address)]:\($0)" : "\(address):\($0)" }
                }
            }
            return CellText.few(all, none: "<none>")
        },
        .age,
    ]
}
