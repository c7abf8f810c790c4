import KubernetesModel
import NetTypes

/// A pod as an endpoint of a Service, with the ports that the Service's named ports come to on it.
struct PodEndpoint {
    var json: JSONValue
    var ports: [JSONValue]

    /// Whether the pod can be an endpoint at all: it has not ended. One that is about to end still counts.
    static func isCandidate(_ pod: JSONValue) -> Bool {
        let phase = pod["status"]?["phase"]
        return phase != "Succeeded" && phase != "Failed"
    }

    /// `nil` for a pod without an address of the family.
    init?(_ pod: JSONValue, service: JSONValue, family: String, zone: (String) -> String?) {
        guard let address = Self.address(of: pod, family: family) else { return nil }
        let metadata = pod["metadata"] ?? .null
        let isServing = (pod["status"]?["conditions"]?.array ?? []).contains {
            $0["type"] == "Ready" && $0["status"] == "True"
        }
        let isTerminating = metadata["deletionTimestamp"]?.string != nil
        // Ready is never true of what is ending, unless the Service does not care.
        let isReady = service["spec"]?["publishNotReadyAddresses"]?.bool == true || isServing && !isTerminating
        json = [
            "addresses": [.string(address)],
            "conditions": [
                "ready": .bool(isReady), "serving": .bool(isServing), "terminating": .bool(isTerminating),
            ],
        ]
        var reference: JSONValue = ["kind": "Pod"]
        for key in ["namespace", "name", "uid"] { reference[key] = metadata[key] }
        json["targetRef"] = reference
        if let node = pod["spec"]?["nodeName"]?.string, !node.isEmpty {
            json["nodeName"] = .string(node)
            json["zone"] = zone(node).map(JSONValue.string)
        }
        let hostname = pod["spec"]?["hostname"]?.string ?? ""
        if !hostname.isEmpty, pod["spec"]?["subdomain"] == service["metadata"]?["name"] {
            json["hostname"] = .string(hostname)
        }
        ports = Self.ports(of: pod, service: service)
    }

    private static func address(of pod: JSONValue, family: String) -> String? {
        let status = pod["status"] ?? .null
        let all = (status["podIPs"]?.array ?? []).compactMap { $0["ip"]?.string } + [status["podIP"]?.string ?? ""]
        return all.first { text in
            IPAddress(text).map { ($0.family == .v4) == (family == "IPv4") } ?? false
        }
    }

    /// Ports that the pod does not have are left out.
    private static func ports(of pod: JSONValue, service: JSONValue) -> [JSONValue] {
        (service["spec"]?["ports"]?.array ?? []).compactMap { port -> JSONValue? in
            let transport = port["protocol"] ?? "TCP"
            guard let number = number(of: port, transport, on: pod) else { return nil }
            var json: JSONValue = [
                "name": port["name"]?.string.map(JSONValue.string) ?? "", "port": .integer(number),
                "protocol": transport,
            ]
            json["appProtocol"] = port["appProtocol"]
            return json
        }
    }

    private static func number(of port: JSONValue, _ transport: JSONValue, on pod: JSONValue) -> Int64? {
        switch port["targetPort"] {
        case .integer(let number) where number != 0: return number
        case .string(let name) where !name.isEmpty:
            let sidecars = (pod["spec"]?["initContainers"]?.array ?? []).filter { $0["restartPolicy"] == "Always" }
            return ((pod["spec"]?["containers"]?.array ?? []) + sidecars)
                .flatMap { $0["ports"]?.array ?? [] }
                .first { $0["name"]?.string == name && ($0["protocol"] ?? "TCP") == transport }?["containerPort"]?
                .integer
        default: return port["port"]?.integer
        }
    }
}
