package import KubernetesModel
package import NetTypes

/// A Service as the rules see it: addresses parsed, defaults filled in, faulty fields left out and named.
package struct ServiceDefinition: Hashable, Sendable {
    package var id: ServiceID
    package var createdAt: Int64
    package var ports: [Port] = []
    package var clusterAddresses: [IPAddress] = []
    package var externalAddresses: [IPAddress] = []
    package var loadBalancerAddresses: [IPAddress] = []
    package var opensNodePorts = false
    package var internalPolicyIsLocal = false
    package var externalPolicyIsLocal = false
    /// Seconds; 0 without affinity.
    package var affinityTimeout: UInt32 = 0
    /// Who may connect to the load balancer's addresses; empty: everyone, unless a range could not be read.
    package var sourceRanges: [IPPrefix] = []
    package var hasFaultySourceRange = false
    package var healthCheckPort: UInt16?
    package var problems: [ServiceProblem] = []

    package struct Port: Hashable, Sendable {
        package var name: String
        package var `protocol`: TransportProtocol
        package var number: UInt16
        package var nodePort: UInt16?
    }

    /// Those of its ClusterIPs: a Service has no front in another family, whatever addresses it lists.
    package var families: [IPAddress.Family] {
        [.v4, .v6].filter { family in clusterAddresses.contains { $0.family == family } }
    }

    package var isExternallyReachable: Bool {
        opensNodePorts || !externalAddresses.isEmpty || !loadBalancerAddresses.isEmpty
    }

    static let proxyNameLabel = "service.kubernetes.io/service-proxy-name"
    static let headlessLabel = "service.kubernetes.io/headless"
    static let defaultAffinityTimeout: Int32 = 10_800
    static let affinityTimeouts: ClosedRange<Int32> = 1...86_400

    /// `nil` for what this node's rules leave alone: ExternalName, headless, without an address yet, or another proxy's by label.
    package init?(_ service: Service, id: ServiceID) {
        guard let spec = service.spec, spec.type != "ExternalName" else { return nil }
        let labels = service.metadata.labels ?? [:]
        guard labels[Self.proxyNameLabel] == nil, labels[Self.headlessLabel] == nil else { return nil }
        let addresses = spec.clusterIPs?.isEmpty == false ? spec.clusterIPs ?? [] : spec.clusterIP.map { [$0] } ?? []
        guard let first = addresses.first, first != "None", !first.isEmpty else { return nil }
        self.id = id
        createdAt = service.metadata.creationTimestamp?.secondsSinceEpoch ?? .max
        clusterAddresses = parsedAddresses(addresses, field: spec.clusterIPs == nil ? nil : "spec.clusterIPs")
        let isLoadBalancer = spec.type == "LoadBalancer"
        opensNodePorts = isLoadBalancer || spec.type == "NodePort"
        readPorts(spec)
        readExternalAddresses(spec, status: service.status, isLoadBalancer: isLoadBalancer)
        readPolicies(spec, isLoadBalancer: isLoadBalancer)
        readAffinity(spec)
    }

    private mutating func problem(_ field: String, _ message: String) {
        problems.append(ServiceProblem(service: id, field: field, message: message))
    }

    private mutating func parsedAddresses(_ texts: [String], field: String?) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, text) in texts.enumerated() {
            let name = field.map { "\($0)[\(index)]" } ?? "spec.clusterIP"
            guard let address = IPAddress(text) else {
                problem(name, "\"\(text)\" is no IP address; it is left out")
                continue
            }
            guard !address.isUnspecified, !address.isLoopback else {
                problem(name, "\(address) cannot be a Service's address; it is left out")
                continue
            }
            addresses.append(address)
        }
        return addresses
    }

    private mutating func readPorts(_ spec: Service.Spec) {
        for (index, port) in (spec.ports ?? []).enumerated() {
            let field = "spec.ports[\(index)]"
            guard let transport = TransportProtocol(name: port.protocol) else {
                problem(
                    "\(field).protocol", "\"\(port.protocol ?? "")\" is none of TCP, UDP, SCTP; the port is left out")
                continue
            }
            guard let number = UInt16(exactly: port.port), number > 0 else {
                problem("\(field).port", "\(port.port) is not within 1...65535; the port is left out")
                continue
            }
            var nodePort: UInt16?
            if opensNodePorts, let wanted = port.nodePort, wanted != 0 {
                nodePort = UInt16(exactly: wanted)
                if nodePort == nil {
                    problem("\(field).nodePort", "\(wanted) is not within 1...65535; there is no NodePort for it")
                }
            }
            ports.append(Port(name: port.name ?? "", protocol: transport, number: number, nodePort: nodePort))
        }
    }

    private mutating func readExternalAddresses(_ spec: Service.Spec, status: Service.Status?, isLoadBalancer: Bool) {
        externalAddresses = ofOwnFamilies(
            parsedAddresses(spec.externalIPs ?? [], field: "spec.externalIPs"), field: "spec.externalIPs")
        guard isLoadBalancer else { return }
        let ingress = status?.loadBalancer?.ingress ?? []
        // KEP-1860: an address in Proxy mode is the load balancer's own; packets to it must reach it.
        let addresses = ingress.filter { $0.ipMode != "Proxy" }.compactMap(\.ip).filter { !$0.isEmpty }
        loadBalancerAddresses = ofOwnFamilies(
            parsedAddresses(addresses, field: "status.loadBalancer.ingress"), field: "status.loadBalancer.ingress")
    }

    private mutating func ofOwnFamilies(_ addresses: [IPAddress], field: String) -> [IPAddress] {
        addresses.filter { address in
            if families.contains(address.family) { return true }
            problem(field, "\(address) is of a family in which the Service has no ClusterIP; it is left out")
            return false
        }
    }

    private mutating func readPolicies(_ spec: Service.Spec, isLoadBalancer: Bool) {
        internalPolicyIsLocal = isLocal(spec.internalTrafficPolicy, field: "spec.internalTrafficPolicy")
        externalPolicyIsLocal =
            isLocal(spec.externalTrafficPolicy, field: "spec.externalTrafficPolicy") && isExternallyReachable
        if isLoadBalancer, externalPolicyIsLocal, let port = spec.healthCheckNodePort, port != 0 {
            healthCheckPort = UInt16(exactly: port)
            if healthCheckPort == nil {
                problem("spec.healthCheckNodePort", "\(port) is not within 1...65535; no health check is served")
            }
        }
        guard isLoadBalancer, let ranges = spec.loadBalancerSourceRanges, !ranges.isEmpty else { return }
        for (index, text) in ranges.enumerated() {
            if let prefix = IPPrefix(lenient: text) {
                sourceRanges.append(prefix)
            } else {
                // The restriction stays: a typing error must not open what was meant to be closed.
                hasFaultySourceRange = true
                problem("spec.loadBalancerSourceRanges[\(index)]", "\"\(text)\" is no range; nothing is let in by it")
            }
        }
    }

    private mutating func isLocal(_ policy: String?, field: String) -> Bool {
        switch policy {
        case nil, "", "Cluster": return false
        case "Local": return true
        case .some(let other):
            problem(field, "\"\(other)\" is neither Cluster nor Local; taken as Cluster")
            return false
        }
    }

    private mutating func readAffinity(_ spec: Service.Spec) {
        switch spec.sessionAffinity {
        case nil, "", "None": return
        case "ClientIP": break
        case .some(let other):
            problem("spec.sessionAffinity", "\"\(other)\" is neither None nor ClientIP; taken as None")
            return
        }
        let wanted = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? Self.defaultAffinityTimeout
        if !Self.affinityTimeouts.contains(wanted) {
            problem(
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                "\(wanted) is not within 1...86400; taken as \(Self.defaultAffinityTimeout)")
        }
        affinityTimeout = UInt32(Self.affinityTimeouts.contains(wanted) ? wanted : Self.defaultAffinityTimeout)
    }
}

extension IPPrefix {
    /// As the API server takes a source range: surrounding spaces and host bits are allowed.
    init?(lenient text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let trimmed = parts.map { $0.drop { $0 == " " } }.map { part in
            part.lastIndex { $0 != " " }.map { part[...$0] } ?? ""
        }
        guard let address = IPAddress(trimmed[0]), trimmed[1].utf8.count <= 3,
            trimmed[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(trimmed[1])
        else { return nil }
        self.init(address, length: length)
    }
}
