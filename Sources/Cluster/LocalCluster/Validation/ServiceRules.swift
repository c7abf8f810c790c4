import KubernetesModel
import NetTypes

/// `v1` Service. Whether addresses and node ports are free is the allocator's question.
enum ServiceRules {
    static let types = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]

    static func validate(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        let type = spec["type"]?.string ?? ""
        let isHeadless = spec["clusterIP"] == "None"
        let portsList = spec["ports"]?.array ?? []
        if portsList.isEmpty, !isHeadless, type != "ExternalName" { findings.required(path["ports"]) }
        ports(portsList, type: type, isHeadless: isHeadless, at: path["ports"], into: &findings)
        kind(spec, type: type, isHeadless: isHeadless, at: path, into: &findings)
        MetadataRules.labels(spec["selector"], at: path["selector"], into: &findings)
        choices(spec, at: path, into: &findings)
        addresses(spec, at: path, into: &findings)
        affinity(spec, at: path, into: &findings)
        traffic(spec, type: type, at: path, into: &findings)
        if let old { update(spec, old: old["spec"] ?? .null, at: path, into: &findings) }
    }

    private static func kind(
        _ spec: JSONValue, type: String, isHeadless: Bool, at path: FieldPath, into findings: inout Findings
    ) {
        if type.isEmpty {
            findings.required(path["type"])
        } else if !types.contains(type) {
            findings.unsupported(path["type"], type, types)
        }
        switch type {
        case "NodePort", "LoadBalancer":
            if isHeadless {
                let name = type == "NodePort" ? "NodePort" : "LoadBalancer"
                findings.invalid(path["clusterIPs"][0], "None", "may not be set to 'None' for \(name) services")
            }
        case "ExternalName":
            if let ips = spec["clusterIPs"]?.array, !ips.isEmpty {
                findings.forbidden(path["clusterIPs"], "may not be set when `type` is 'ExternalName'")
            }
            let name = spec["externalName"]?.string ?? ""
            let bare = name.hasSuffix(".") ? String(name.dropLast()) : name
            if bare.isEmpty {
                findings.required(path["externalName"])
            } else {
                findings.invalid(path["externalName"], name, NameRules.dns1123Subdomain(bare))
            }
        default: break
        }
    }

    private static func ports(
        _ ports: [JSONValue], type: String, isHeadless: Bool, at path: FieldPath, into findings: inout Findings
    ) {
        var names: Set<String> = []
        var seen: Set<[JSONValue]> = []
        var nodePorts: Set<[JSONValue]> = []
        for (index, port) in ports.enumerated() {
            let place = path[index]
            self.port(port, requiresName: ports.count > 1, isHeadless: isHeadless, at: place, into: &findings)
            if let name = port["name"]?.string, !name.isEmpty, !names.insert(name).inserted {
                findings.duplicate(place["name"], .string(name))
            }
            let number = port["port"] ?? 0
            let transport = port["protocol"] ?? "TCP"
            if !seen.insert([transport, number]).inserted {
                findings.duplicate(place, .object(["port": number, "protocol": transport]))
            }
            if let nodePort = port["nodePort"]?.integer, nodePort != 0 {
                if type != "NodePort", type != "LoadBalancer" {
                    findings.forbidden(place["nodePort"], "may not be used when `type` is '\(type)'")
                }
                if !nodePorts.insert([transport, .integer(nodePort)]).inserted {
                    findings.duplicate(place["nodePort"], .integer(nodePort))
                }
            }
        }
    }

    private static func port(
        _ port: JSONValue, requiresName: Bool, isHeadless: Bool, at path: FieldPath, into findings: inout Findings
    ) {
        let name = port["name"]?.string ?? ""
        if name.isEmpty {
            if requiresName { findings.required(path["name"]) }
        } else {
            findings.invalid(path["name"], name, NameRules.dns1123Label(name))
        }
        let number = port["port"]?.integer ?? 0
        for message in NameRules.port(number) { findings.invalid(path["port"], .integer(number), message) }
        let transport = port["protocol"]?.string ?? ""
        if transport.isEmpty {
            findings.required(path["protocol"])
        } else if !["TCP", "UDP", "SCTP"].contains(transport) {
            findings.unsupported(path["protocol"], transport, ["TCP", "UDP", "SCTP"])
        }
        switch port["targetPort"] {
        case .integer(let target):
            for message in NameRules.port(target) { findings.invalid(path["targetPort"], .integer(target), message) }
        case .string(let target):
            findings.invalid(path["targetPort"], target, NameRules.portName(target))
        default: break
        }
        if let appProtocol = port["appProtocol"]?.string {
            findings.invalid(path["appProtocol"], appProtocol, NameRules.qualifiedName(appProtocol))
        }
    }

    private static func choices(_ spec: JSONValue, at path: FieldPath, into findings: inout Findings) {
        func check(_ key: String, _ supported: [String]) {
            if let value = spec[key]?.string, !value.isEmpty, !supported.contains(value) {
                findings.unsupported(path[key], value, supported)
            }
        }
        check("sessionAffinity", ["ClientIP", "None"])
        check("ipFamilyPolicy", ["SingleStack", "PreferDualStack", "RequireDualStack"])
        check("internalTrafficPolicy", ["Cluster", "Local"])
        check("trafficDistribution", ["PreferClose", "PreferSameZone", "PreferSameNode"])
        var families: Set<JSONValue> = []
        for (index, family) in (spec["ipFamilies"]?.array ?? []).enumerated() {
            if family != "IPv4", family != "IPv6" {
                findings.unsupported(path["ipFamilies"][index], family.string ?? "", ["IPv4", "IPv6"])
            } else if !families.insert(family).inserted {
                findings.duplicate(path["ipFamilies"][index], family)
            }
        }
    }

    private static let badAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

    private static func addresses(_ spec: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let single = spec["clusterIP"]?.string ?? ""
        let list = spec["clusterIPs"]?.array ?? []
        if !single.isEmpty, let first = list.first, first.string != single {
            findings.invalid(path["clusterIPs"], spec["clusterIPs"], "first value must match `clusterIP`")
        }
        if list.count > 2 {
            findings.invalid(
                path["clusterIPs"], spec["clusterIPs"], "may only hold up to 2 values")
        }
        for (index, value) in list.enumerated() {
            let text = value.string ?? ""
            if text == "None" {
                if list.count > 1 {
                    findings.invalid(path["clusterIPs"], value, "'None' must be the first and only value")
                }
            } else if IPAddress(text) == nil {
                findings.invalid(path["clusterIPs"][index], value, badAddress)
            }
        }
        for (index, value) in (spec["externalIPs"]?.array ?? []).enumerated() {
            guard let address = IPAddress(value.string ?? "") else {
                findings.invalid(path["externalIPs"][index], value, badAddress)
                continue
            }
            if address.isUnspecified {
                findings.invalid(path["externalIPs"][index], value, "may not be unspecified (\(address))")
            } else if address.isLoopback {
                findings.invalid(
                    path["externalIPs"][index], value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
            }
        }
    }

    private static func affinity(_ spec: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let config = spec["sessionAffinityConfig"]
        if spec["sessionAffinity"] != "ClientIP" {
            if !IngressRules.isAbsent(config) {
                findings.forbidden(
                    path["sessionAffinityConfig"], "must not be set when session affinity is None")
            }
        } else if let seconds = config?["clientIP"]?["timeoutSeconds"]?.integer, !(1...86_400).contains(seconds) {
            findings.invalid(
                path["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"], .integer(seconds),
                "must be greater than 0 and less than or equal to 86400")
        }
    }

    private static func traffic(
        _ spec: JSONValue, type: String, at path: FieldPath, into findings: inout Findings
    ) {
        let isExternal =
            type == "NodePort" || type == "LoadBalancer" || !(spec["externalIPs"]?.array ?? []).isEmpty
        let policy = spec["externalTrafficPolicy"]?.string ?? ""
        if !policy.isEmpty {
            if !isExternal {
                findings.invalid(
                    path["externalTrafficPolicy"], .string(policy),
                    "may only be set for externally-accessible services")
            } else if policy != "Cluster", policy != "Local" {
                findings.unsupported(path["externalTrafficPolicy"], policy, ["Cluster", "Local"])
            }
        } else if isExternal {
            findings.required(
                path["externalTrafficPolicy"], "may only be unset for services that are not externally accessible")
        }
        let needsHealthCheck = type == "LoadBalancer" && policy == "Local"
        if let port = spec["healthCheckNodePort"]?.integer, port != 0, !needsHealthCheck {
            findings.invalid(
                path["healthCheckNodePort"], .integer(port),
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")
        }
        loadBalancer(spec, type: type, at: path, into: &findings)
    }

    private static func loadBalancer(
        _ spec: JSONValue, type: String, at path: FieldPath, into findings: inout Findings
    ) {
        let ranges = spec["loadBalancerSourceRanges"]?.array ?? []
        if type == "LoadBalancer" {
            if let name = spec["loadBalancerClass"]?.string {
                findings.invalid(path["loadBalancerClass"], name, NameRules.qualifiedName(name))
            }
            for (index, range) in ranges.enumerated() where !isPrefix(range.string ?? "") {
                findings.invalid(
                    path["loadBalancerSourceRanges"][index], range,
                    "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
            }
        } else {
            let only = "may only be used when `type` is 'LoadBalancer'"
            if !ranges.isEmpty { findings.forbidden(path["loadBalancerSourceRanges"], only) }
            if spec["loadBalancerClass"]?.string != nil { findings.forbidden(path["loadBalancerClass"], only) }
            if spec["allocateLoadBalancerNodePorts"]?.bool != nil {
                findings.forbidden(path["allocateLoadBalancerNodePorts"], only)
            }
        }
    }

    private static func isPrefix(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]) else { return false }
        return (0...(address.family == .v4 ? 32 : 128)).contains(length)
    }

    /// Addresses stay as long as the service has them.
    private static func update(_ spec: JSONValue, old: JSONValue, at path: FieldPath, into findings: inout Findings) {
        guard spec["type"] != "ExternalName", old["type"] != "ExternalName" else { return }
        let before = old["clusterIPs"]?.array ?? []
        let after = spec["clusterIPs"]?.array ?? []
        if let first = before.first, !IngressRules.isAbsent(first) {
            if after.isEmpty {
                findings.invalid(path["clusterIPs"][0], .array([]), "primary clusterIP can not be unset")
            } else if after[0] != first {
                findings.invalid(path["clusterIPs"][0], .array(after), "may not change once set")
            }
        }
        if before.count > 1, after.count > 1, before[1] != after[1] {
            findings.invalid(path["clusterIPs"][1], .array(after), "may not change once set")
        }
        if let family = old["ipFamilies"]?.array?.first, let new = spec["ipFamilies"]?.array?.first, new != family {
            findings.invalid(path["ipFamilies"][0], spec["ipFamilies"], "primary ipFamily can not be changed")
        }
        if old["type"] == "LoadBalancer", spec["type"] == "LoadBalancer" {
            if (old["loadBalancerClass"] ?? .null) != (spec["loadBalancerClass"] ?? .null) {
                findings.invalid(path["loadBalancerClass"], spec["loadBalancerClass"], "may not change once set")
            }
        }
    }
}
