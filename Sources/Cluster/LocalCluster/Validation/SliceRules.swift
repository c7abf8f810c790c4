import KubernetesModel
import NetTypes

/// `discovery.k8s.io/v1` EndpointSlice. Loopback addresses are allowed, unlike in the real server: processes of this
/// machine may be backends.
enum SliceRules {
    static let maximumEndpoints = 1000
    static let maximumPorts = 20_000

    static func validate(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let type = object["addressType"]?.string ?? ""
        let path = FieldPath("addressType")
        if type.isEmpty {
            findings.required(path)
        } else if !["IPv4", "IPv6", "FQDN"].contains(type) {
            findings.unsupported(path, type, ["IPv4", "IPv6", "FQDN"])
        }
        if let old { findings.immutable(path, object["addressType"], old["addressType"]) }
        endpoints(object["endpoints"]?.array ?? [], type: type, into: &findings)
        ports(object["ports"]?.array ?? [], into: &findings)
    }

    private static func endpoints(_ endpoints: [JSONValue], type: String, into findings: inout Findings) {
        let path = FieldPath("endpoints")
        guard endpoints.count <= maximumEndpoints else {
            findings.tooMany(path, count: endpoints.count, limit: maximumEndpoints)
            return
        }
        for (index, endpoint) in endpoints.enumerated() {
            let addresses = endpoint["addresses"]?.array ?? []
            let place = path[index]["addresses"]
            if addresses.isEmpty { findings.required(place, "must contain at least 1 address") }
            if addresses.count > 100 { findings.tooMany(place, count: addresses.count, limit: 100) }
            var seen: Set<JSONValue> = []
            for (position, address) in addresses.enumerated() {
                if !seen.insert(address).inserted { findings.duplicate(place[position], address) }
                self.address(address.string ?? "", type: type, at: place[position], into: &findings)
            }
            if let hostname = endpoint["hostname"]?.string {
                findings.invalid(path[index]["hostname"], hostname, NameRules.dns1123Label(hostname))
            }
            if let node = endpoint["nodeName"]?.string {
                findings.invalid(path[index]["nodeName"], node, NameRules.dns1123Subdomain(node))
            }
        }
    }

    private static func address(_ text: String, type: String, at path: FieldPath, into findings: inout Findings) {
        switch type {
        case "IPv4":
            if IPAddress(text)?.family != .v4 {
                findings.invalid(path, .string(text), "must be a valid IPv4 address")
            }
        case "IPv6":
            if IPAddress(text)?.family != .v6 {
                findings.invalid(path, .string(text), "must be a valid IPv6 address")
            }
        case "FQDN":
            findings.invalid(path, text, NameRules.dns1123Subdomain(text))
        default: return
        }
        if let address = IPAddress(text), address.isUnspecified {
            findings.invalid(path, .string(text), "may not be unspecified (\(address))")
        }
    }

    private static func ports(_ ports: [JSONValue], into findings: inout Findings) {
        let path = FieldPath("ports")
        if ports.count > maximumPorts { findings.tooMany(path, count: ports.count, limit: maximumPorts) }
        var names: Set<String> = []
        for (index, port) in ports.prefix(maximumPorts).enumerated() {
            let name = port["name"]?.string ?? ""
            if !name.isEmpty { findings.invalid(path[index]["name"], name, NameRules.dns1123Label(name)) }
            if !names.insert(name).inserted { findings.duplicate(path[index]["name"], .string(name)) }
            let transport = port["protocol"]?.string ?? ""
            if transport.isEmpty {
                findings.required(path[index]["protocol"])
            } else if !["TCP", "UDP", "SCTP"].contains(transport) {
                findings.unsupported(path[index]["protocol"], transport, ["TCP", "UDP", "SCTP"])
            }
            if let number = port["port"]?.integer {
                for message in NameRules.port(number) {
                    findings.invalid(path[index]["port"], .integer(number), message)
                }
            }
            if let appProtocol = port["appProtocol"]?.string {
                findings.invalid(path[index]["appProtocol"], appProtocol, NameRules.qualifiedName(appProtocol))
            }
        }
    }
}
