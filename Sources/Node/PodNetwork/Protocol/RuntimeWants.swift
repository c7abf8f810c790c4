import KubernetesModel
package import NetTypes

/// What a runtime asks for one pod: `runtimeConfig` (by the capabilities that our conflist declares) and `args.cni`.
package struct RuntimeWants: Sendable, Hashable {
    package var portMappings: [PortMapping] = []
    package var addresses: [IPAddress] = []
    package var hardwareAddress: MACAddress?
    package var bandwidth: Bandwidth?

    package init() {}

    init(_ document: JSONValue) throws(CNIError) {
        let runtime = ConfigurationReader(document["runtimeConfig"] ?? .null, path: "runtimeConfig.")
        for (index, item) in try runtime.list("portMappings").enumerated() {
            let mapping = try PortMapping(item, path: "runtimeConfig.portMappings[\(index)].")
            // Runtimes send every container port; those without a host port ask for nothing.
            if let mapping { portMappings.append(mapping) }
        }
        guard portMappings.count <= Self.maximumMappings else {
            throw runtime.wrong("portMappings", "a list of at most \(Self.maximumMappings) entries")
        }
        addresses = try Self.addresses(runtime, "ips")
        if addresses.isEmpty {
            addresses = try Self.addresses(
                ConfigurationReader(document[path: "args", "cni"] ?? .null, path: "args.cni."), "ips")
        }
        if let text = try runtime.text("mac"), !text.isEmpty {
            guard let mac = MACAddress(text), !mac.isMulticast, mac.bytes != [0, 0, 0, 0, 0, 0] else {
                throw runtime.wrong("mac", "the hardware address of an interface, as in 02:00:5e:10:00:01")
            }
            hardwareAddress = mac
        }
        if let value = document[path: "runtimeConfig", "bandwidth"], !value.isNull {
            bandwidth = try Bandwidth(ConfigurationReader(value, path: "runtimeConfig.bandwidth."))
        }
    }

    static let maximumMappings = 4096

    private static func addresses(_ reader: ConfigurationReader, _ key: String) throws(CNIError) -> [IPAddress] {
        var found: [IPAddress] = []
        for item in try reader.list(key) {
            // "10.0.0.5" and "10.0.0.5/24" are both in use; routed pods have no use for the length.
            guard let text = item.string, let address = IPAddress(text.prefix { $0 != "/" }) else {
                throw reader.wrong(key, "a list of addresses")
            }
            found.append(address)
        }
        return found
    }
}

/// A port of the node that leads to a port of the pod.
package struct PortMapping: Sendable, Hashable {
    package enum TransportProtocol: String, Sendable, CaseIterable {
        case tcp
        case udp
        case sctp

        /// The number in an IP header (IANA protocol numbers).
        package var number: UInt8 {
            switch self {
            case .tcp: 6
            case .udp: 17
            case .sctp: 132
            }
        }
    }

    package var transport: TransportProtocol
    package var hostPort: UInt16
    package var containerPort: UInt16
    /// `nil`: any address of the node.
    package var hostAddress: IPAddress?

    package init(
        transport: TransportProtocol, hostPort: UInt16, containerPort: UInt16, hostAddress: IPAddress? = nil
    ) {
        self.transport = transport
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.hostAddress = hostAddress
    }

    /// `nil` where there is no host port.
    init?(_ item: JSONValue, path: String) throws(CNIError) {
        let reader = ConfigurationReader(item, path: path)
        guard let host = try reader.integer("hostPort", in: 0...65535), host != 0 else { return nil }
        guard let container = try reader.integer("containerPort", in: 1...65535) else {
            throw reader.wrong("containerPort", "given")
        }
        let name = try reader.text("protocol") ?? "tcp"
        guard let transport = TransportProtocol(rawValue: name.lowercased()) else {
            throw reader.wrong("protocol", "tcp, udp or sctp")
        }
        let text = try reader.text("hostIP") ?? ""
        let address = IPAddress(text)
        guard address != nil || text.isEmpty else { throw reader.wrong("hostIP", "an address") }
        self.init(
            transport: transport, hostPort: UInt16(host), containerPort: UInt16(container),
            hostAddress: address.flatMap { $0.isUnspecified ? nil : $0 })
    }

    /// Both would want the same packets.
    package func overlaps(_ other: PortMapping) -> Bool {
        guard transport == other.transport, hostPort == other.hostPort else { return false }
        guard let mine = hostAddress, let theirs = other.hostAddress else { return true }
        return mine == theirs
    }
}

extension PortMapping: CustomStringConvertible {
    package var description: String {
        let host = hostAddress.map { "\(SocketEndpoint(address: $0, port: hostPort))" } ?? "*:\(hostPort)"
        return "\(host)/\(transport.rawValue)"
    }
}

/// Limits of a pod's traffic, as seen from the pod. 0 means no limit.
package struct Bandwidth: Sendable, Hashable {
    /// Bits per second.
    package var ingressRate: Int
    /// Bits.
    package var ingressBurst: Int
    package var egressRate: Int
    package var egressBurst: Int

    init(_ reader: ConfigurationReader) throws(CNIError) {
        let any = 0...Int.max
        ingressRate = try reader.integer("ingressRate", in: any) ?? 0
        ingressBurst = try reader.integer("ingressBurst", in: any) ?? 0
        egressRate = try reader.integer("egressRate", in: any) ?? 0
        egressBurst = try reader.integer("egressBurst", in: any) ?? 0
    }
}
