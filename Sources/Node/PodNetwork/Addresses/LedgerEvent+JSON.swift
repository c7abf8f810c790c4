import KubernetesModel
import NetTypes

/// The ledger's events as lines of its log. Reading is forgiving only in one way: an event of a later version is `nil`.
extension LedgerEvent {
    var json: JSONValue {
        switch self {
        case .pools(let prefixes): ["event": "pools", "prefixes": .array(prefixes.map { .string("\($0)") })]
        case .reserved(let reservation): ["event": "reserved", "reservation": reservation.json]
        case .attached(let key): ["event": "attached", "key": key.json]
        case .releasing(let key): ["event": "releasing", "key": key.json]
        case .freed(let key): ["event": "freed", "key": key.json]
        case .resized(let key, let mtu): ["event": "resized", "key": key.json, "mtu": .integer(Int64(mtu))]
        case .searched(let address): ["event": "searched", "address": .string("\(address)")]
        }
    }

    init?(json: JSONValue) {
        let key = json["key"].flatMap(AttachmentKey.init(json:))
        switch (json["event"]?.string, key) {
        case ("pools", _):
            self = .pools((json["prefixes"]?.array ?? []).compactMap { $0.string.flatMap { IPPrefix($0) } })
        case ("reserved", _):
            guard let reservation = json["reservation"].flatMap(Reservation.init(json:)) else { return nil }
            self = .reserved(reservation)
        case ("attached", let key?): self = .attached(key)
        case ("releasing", let key?): self = .releasing(key)
        case ("freed", let key?): self = .freed(key)
        case ("resized", let key?):
            guard let mtu = json["mtu"]?.integer else { return nil }
            self = .resized(key, mtu: Int(clamping: mtu))
        case ("searched", _):
            guard let address = json["address"]?.string.flatMap({ IPAddress($0) }) else { return nil }
            self = .searched(address)
        default: return nil
        }
    }
}

extension AttachmentKey {
    fileprivate var json: JSONValue { ["container": .string(container), "interface": .string(interface)] }

    fileprivate init?(json: JSONValue) {
        guard let container = json["container"]?.string, let interface = json["interface"]?.string else { return nil }
        self.init(container: container, interface: interface)
    }
}

extension Reservation {
    fileprivate var json: JSONValue {
        [
            "key": key.json, "network": .string(network), "addresses": .array(addresses.map { .string("\($0)") }),
            "namespace": [
                "path": .string(namespace.path), "device": .string(String(namespace.device)),
                "inode": .string(String(namespace.inode)),
            ],
            "pod": ["namespace": .string(pod.namespace), "name": .string(pod.name), "uid": .string(pod.uid)],
            "ports": .array(portMappings.map(\.json)), "mac": .string("\(hardwareAddress)"),
            "mtu": .integer(Int64(mtu)), "since": .integer(since),
        ]
    }

    fileprivate init?(json: JSONValue) {
        guard let key = json["key"].flatMap(AttachmentKey.init(json:)), let network = json["network"]?.string,
            let texts = json["addresses"]?.array, let mac = json["mac"]?.string.flatMap({ MACAddress($0) }),
            let mtu = json["mtu"]?.integer, let since = json["since"]?.integer,
            let device = json[path: "namespace", "device"]?.string.flatMap({ UInt64($0) }),
            let inode = json[path: "namespace", "inode"]?.string.flatMap({ UInt64($0) })
        else { return nil }
        let addresses = texts.compactMap { $0.string.flatMap { IPAddress($0) } }
        guard addresses.count == texts.count else { return nil }
        self.init(
            key: key, network: network, state: .reserved, addresses: addresses,
            namespace: NamespaceReference(
                path: json[path: "namespace", "path"]?.string ?? "", device: device, inode: inode),
            pod: PodIdentity(
                namespace: json[path: "pod", "namespace"]?.string ?? "", name: json[path: "pod", "name"]?.string ?? "",
                uid: json[path: "pod", "uid"]?.string ?? ""),
            portMappings: (json["ports"]?.array ?? []).compactMap(PortMapping.init(json:)), hardwareAddress: mac,
            mtu: Int(clamping: mtu), since: since)
    }
}

extension PortMapping {
    fileprivate var json: JSONValue {
        var object: JSONValue = [
            "protocol": .string(transport.rawValue), "host": .integer(Int64(hostPort)),
            "container": .integer(Int64(containerPort)),
        ]
        if let hostAddress { object["address"] = .string("\(hostAddress)") }
        return object
    }

    fileprivate init?(json: JSONValue) {
        guard let transport = json["protocol"]?.string.flatMap(TransportProtocol.init(rawValue:)),
            let host = json["host"]?.integer.flatMap(UInt16.init(exactly:)),
            let container = json["container"]?.integer.flatMap(UInt16.init(exactly:))
        else { return nil }
        self.init(
            transport: transport, hostPort: host, containerPort: container,
            hostAddress: json["address"]?.string.flatMap { IPAddress($0) })
    }
}
