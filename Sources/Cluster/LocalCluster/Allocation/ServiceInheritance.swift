package import KubernetesModel

extension ServiceAllocator {
    /// An updated Service with what it may leave out because the stored one has it, and without what only its former
    /// type had. Call it with defaults filled in, before validation.
    package static func inheriting(_ service: JSONValue, from old: JSONValue) -> JSONValue {
        guard case .object(var spec)? = service["spec"], let before = old["spec"] else { return service }
        var service = service
        addresses(&spec, before)
        nodePorts(&spec, before)
        typeDependent(&spec, before)
        service["spec"] = .object(spec)
        return service
    }

    static func needsNodePorts(_ spec: JSONValue) -> Bool {
        spec["type"] == "NodePort"
            || spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"]?.bool != false
    }

    static func needsHealthCheckPort(_ spec: JSONValue) -> Bool {
        spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local"
    }

    private static func isBlank(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null, "", 0, .array([]): true
        default: false
        }
    }

    private static func addresses(_ spec: inout [String: JSONValue], _ before: JSONValue) {
        let keys = ["clusterIP", "clusterIPs"]
        if spec["type"] == "ExternalName" {
            // Addresses carried over from the former type go with it.
            for key in keys + ["ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]
            where before["type"] != "ExternalName" && spec[key] == before[key] {
                spec.removeValue(forKey: key)
            }
            return
        }
        guard before["type"] != "ExternalName" else { return }
        let isListKept = spec["clusterIPs"] == before["clusterIPs"]
        if isBlank(spec["clusterIP"]), isBlank(spec["clusterIPs"]) || isListKept {
            spec["clusterIP"] = before["clusterIP"]
            spec["clusterIPs"] = before["clusterIPs"]
        } else if isBlank(spec["clusterIPs"]) || isListKept, spec["clusterIP"] != before["clusterIP"] {
            spec["clusterIPs"] = spec["clusterIP"].map { .array([$0]) }
        } else if isBlank(spec["clusterIPs"]) {
            spec["clusterIPs"] = before["clusterIPs"]
        }
        for key in ["ipFamilies", "ipFamilyPolicy"] where isBlank(spec[key]) { spec[key] = before[key] }
    }

    private static func nodePorts(_ spec: inout [String: JSONValue], _ before: JSONValue) {
        guard let ports = spec["ports"]?.array else { return }
        let old = before["ports"]?.array ?? []
        func key(_ port: JSONValue) -> [JSONValue] { [port["port"] ?? .null, port["protocol"] ?? "TCP"] }
        let numbers = Dictionary(
            old.compactMap { port in port["nodePort"].map { (key(port), $0) } }, uniquingKeysWith: { first, _ in first }
        )
        let current = JSONValue.object(spec)
        if needsNodePorts(before), needsNodePorts(current) {
            let asked = Set(ports.compactMap { $0["nodePort"] })
            spec["ports"] = .array(
                ports.map { port in
                    guard isBlank(port["nodePort"]), let number = numbers[key(port)], !asked.contains(number),
                        port.object != nil
                    else { return port }
                    var port = port
                    port["nodePort"] = number
                    return port
                })
        } else if needsNodePorts(before), current["type"] != "LoadBalancer", !needsNodePorts(current) {
            spec["ports"] = .array(
                ports.map { port in
                    guard let number = port["nodePort"], numbers[key(port)] == number else { return port }
                    var port = port
                    port["nodePort"] = Optional.none
                    return port
                })
        }
    }

    private static func typeDependent(_ spec: inout [String: JSONValue], _ before: JSONValue) {
        let now = JSONValue.object(spec)
        func drop(_ key: String) {
            if spec[key] == before[key] { spec.removeValue(forKey: key) }
        }
        if needsHealthCheckPort(now) {
            if isBlank(spec["healthCheckNodePort"]), needsHealthCheckPort(before) {
                spec["healthCheckNodePort"] = before["healthCheckNodePort"]
            }
        } else {
            drop("healthCheckNodePort")
        }
        if now["type"] != "LoadBalancer", before["type"] == "LoadBalancer" {
            drop("allocateLoadBalancerNodePorts")
            drop("loadBalancerClass")
        }
        let isExternal =
            now["type"] == "NodePort" || now["type"] == "LoadBalancer" || !isBlank(now["externalIPs"])
        if !isExternal { drop("externalTrafficPolicy") }
    }
}
