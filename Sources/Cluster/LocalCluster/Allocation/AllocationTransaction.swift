import KubernetesModel
import NetTypes

extension ServiceAllocator {
    /// One Service's allocation, which succeeds as a whole or leaves nothing behind.
    struct Transaction {
        var allocator: ServiceAllocator
        var service: JSONValue
        let held: Claims
        var taken = Claims()

        init(allocator: ServiceAllocator, service: JSONValue, old: JSONValue?) {
            self.allocator = allocator
            self.service = service
            held = old.map(Claims.init(of:)) ?? Claims()
        }

        mutating func run() throws(APIFailure) {
            var spec = service["spec"]?.object ?? [:]
            if spec["type"] == "ExternalName" {
                for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] where isBlank(spec[key]) {
                    spec.removeValue(forKey: key)
                }
            } else {
                try families(&spec)
                if spec["clusterIP"] == "None" {
                    spec["clusterIPs"] = ["None"]
                } else {
                    try addresses(&spec)
                }
                try nodePorts(&spec)
                try healthCheckPort(&spec)
            }
            if service.object != nil { service["spec"] = .object(spec) }
        }

        mutating func undo() { allocator.release(taken) }

        /// Frees what the old Service held and the new one does not.
        mutating func releaseUnused() {
            let now = Claims(of: service)
            allocator.release(
                Claims(addresses: held.addresses.subtracting(now.addresses), ports: held.ports.subtracting(now.ports)))
        }

        private func isBlank(_ value: JSONValue?) -> Bool {
            switch value {
            case nil, .null, "", .array([]): true
            default: false
            }
        }

        func invalid(_ field: String, _ value: JSONValue?, _ detail: String) -> APIFailure {
            .invalid(
                Service.resource, name: service["metadata"]?["name"]?.string ?? "",
                [FieldError(.invalid, field: field, value: Findings.printed(value), detail: detail)])
        }

        // MARK: Families

        private mutating func families(_ spec: inout [String: JSONValue]) throws(APIFailure) {
            if isBlank(spec["clusterIPs"]), let single = spec["clusterIP"], !isBlank(single) {
                spec["clusterIPs"] = [single]
            }
            if isBlank(spec["clusterIP"]), let first = spec["clusterIPs"]?.array?.first { spec["clusterIP"] = first }
            let configured = allocator.configuration.ranges.map { Self.name($0.base.family) }
            let given = (spec["clusterIPs"]?.array ?? []).compactMap { $0.string.flatMap { IPAddress($0) } }
                .map { Self.name($0.family) }
            var families = (spec["ipFamilies"]?.array ?? []).compactMap(\.string)
            for (index, family) in given.enumerated() {
                if index >= families.count {
                    families.append(family)
                } else if families[index] != family {
                    throw invalid(
                        "spec.ipFamilies[\(index)]", .string(families[index]),
                        "expected \(family) to match the cluster IP")
                }
            }
            for (index, family) in families.enumerated() where !configured.contains(family) {
                throw invalid(
                    "spec.ipFamilies[\(index)]", .string(family), "not configured on this cluster")
            }
            let policy = try policy(spec, families: families.count, configured: configured.count)
            for family in configured where !families.contains(family) {
                if families.isEmpty || policy != "SingleStack" { families.append(family) }
            }
            if policy == "SingleStack", families.count > 1 {
                families = Array(families.prefix(1))
                spec["clusterIPs"] = spec["clusterIPs"]?.array.map { .array(Array($0.prefix(1))) }
            }
            spec["ipFamilyPolicy"] = .string(policy)
            spec["ipFamilies"] = .array(families.map(JSONValue.string))
        }

        private func policy(
            _ spec: [String: JSONValue], families: Int, configured: Int
        ) throws(APIFailure) -> String {
            guard let policy = spec["ipFamilyPolicy"]?.string, !policy.isEmpty else {
                let isFree = spec["clusterIP"] == "None" && isBlank(spec["selector"])
                return configured > 1 && (families > 1 || isFree) ? "RequireDualStack" : "SingleStack"
            }
            if policy == "RequireDualStack", configured < 2 {
                throw invalid(
                    "spec.ipFamilyPolicy", .string(policy), "this cluster is not configured for dual-stack services")
            }
            return policy
        }

        private static func name(_ family: IPAddress.Family) -> String { family == .v4 ? "IPv4" : "IPv6" }

        // MARK: Addresses

        private mutating func addresses(_ spec: inout [String: JSONValue]) throws(APIFailure) {
            var list = (spec["clusterIPs"]?.array ?? []).filter { !isBlank($0) }
            let families = (spec["ipFamilies"]?.array ?? []).compactMap(\.string)
            for (index, family) in families.enumerated() {
                if index < list.count {
                    try take(list[index], all: .array(list))
                } else {
                    list.append(.string(try next(family == "IPv4" ? .v4 : .v6).description))
                }
            }
            spec["clusterIPs"] = .array(list)
            spec["clusterIP"] = list.first
        }

        private mutating func take(_ value: JSONValue, all: JSONValue) throws(APIFailure) {
            guard let text = value.string, let address = IPAddress(text) else {
                throw invalid("spec.clusterIPs", all, "failed to allocate IP: not an address")
            }
            guard !held.addresses.contains(address), !taken.addresses.contains(address) else { return }
            guard let range = allocator.range(of: address.family), range.number(of: address) != nil else {
                let range = allocator.range(of: address.family)?.description ?? "none"
                throw invalid(
                    "spec.clusterIPs", all,
                    "failed to allocate IP \(address): the provided IP (\(address)) is not in the valid range. "
                        + "The range of valid IPs is \(range)")
            }
            guard allocator.take(address) else {
                throw invalid(
                    "spec.clusterIPs", all, "failed to allocate IP \(address): provided IP is already allocated")
            }
            taken.addresses.insert(address)
        }

        private mutating func next(_ family: IPAddress.Family) throws(APIFailure) -> IPAddress {
            guard let range = allocator.range(of: family), let number = allocator.addresses[range]?.take() else {
                throw .internalError("Internal error occurred: failed to allocate a serviceIP: range is full")
            }
            let address = range.address(number)
            taken.addresses.insert(address)
            return address
        }

        // MARK: Node ports

        private mutating func nodePorts(_ spec: inout [String: JSONValue]) throws(APIFailure) {
            guard case .array(var list)? = spec["ports"] else { return }
            let isEvery = ServiceAllocator.needsNodePorts(.object(spec))
            guard isEvery || spec["type"] == "LoadBalancer" else { return }
            // What was asked for comes first, or it could be given away below.
            for (index, port) in list.enumerated() {
                if let number = port["nodePort"]?.integer, number != 0 {
                    try take(number, field: "spec.ports[\(index)].nodePort")
                }
            }
            guard isEvery else { return }
            for index in list.indices where (list[index]["nodePort"]?.integer ?? 0) == 0 && list[index].object != nil {
                if let twin = twin(of: list[index], in: list) {
                    list[index]["nodePort"] = .integer(twin)
                } else {
                    list[index]["nodePort"] = .integer(Int64(try nextPort()))
                }
            }
            spec["ports"] = .array(list)
        }

        /// One port that is served over two protocols gets one node port for both.
        private func twin(of port: JSONValue, in list: [JSONValue]) -> Int64? {
            let used = list.filter { $0["protocol"] == port["protocol"] }.compactMap { $0["nodePort"]?.integer }
            return list.lazy.filter { $0["port"] == port["port"] && $0["protocol"] != port["protocol"] }
                .compactMap { $0["nodePort"]?.integer }.first { $0 != 0 && !used.contains($0) }
        }

        private mutating func healthCheckPort(_ spec: inout [String: JSONValue]) throws(APIFailure) {
            guard ServiceAllocator.needsHealthCheckPort(.object(spec)) else { return }
            if let number = spec["healthCheckNodePort"]?.integer, number != 0 {
                try take(number, field: "spec.healthCheckNodePort")
            } else {
                spec["healthCheckNodePort"] = .integer(Int64(try nextPort()))
            }
        }

        private mutating func take(_ number: Int64, field: String) throws(APIFailure) {
            let range = allocator.configuration.nodePorts
            guard let port = Int(exactly: number), range.contains(port) else {
                throw invalid(
                    field, .integer(number),
                    "provided port is not in the valid range. The range of valid ports is "
                        + "\(range.lowerBound)-\(range.upperBound)")
            }
            guard !held.ports.contains(port), !taken.ports.contains(port) else { return }
            guard allocator.ports.take(port - range.lowerBound) else {
                throw invalid(field, .integer(number), "provided port is already allocated")
            }
            taken.ports.insert(port)
        }

        private mutating func nextPort() throws(APIFailure) -> Int {
            guard let number = allocator.ports.take() else {
                throw .internalError("Internal error occurred: failed to allocate a nodePort: range is full")
            }
            let port = number + allocator.configuration.nodePorts.lowerBound
            taken.ports.insert(port)
            return port
        }
    }
}
