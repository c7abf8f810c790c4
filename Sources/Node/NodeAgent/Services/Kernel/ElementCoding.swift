import NetTypes
import Netlink
import ServiceRules

extension RuleElement {
    var setName: ServiceLayout.SetName {
        switch self {
        case .service: .services
        case .near: .near
        case .endpoint: .endpoints
        case .slot: .slots
        case .sticky: .stickyEndpoints
        case .rejected: .rejected
        case .dropped: .dropped
        case .restricted: .restricted
        case .permitted: .permitted
        case .clusterAddress: .clusterAddresses
        case .hairpin: .hairpins
        case .podRange: .pods
        case .serviceRange: .serviceRanges
        }
    }

    /// The elements as the kernel keeps them: one, or two for a range of one field. To delete them their keys suffice.
    func append(to list: inout ElementList, keysOnly: Bool = false, comment: String? = nil) {
        switch self {
        case .permitted(let key, let prefix):
            list.append(
                SetElement(key.registers.with(prefix.address), keyEnd: key.registers.with(prefix.lastAddress)))
        case .podRange(let prefix), .serviceRange(let prefix):
            list.append(RegisterBytes(prefix.address))
            // A range that reaches the last address has no end.
            if let behind = prefix.lastAddress.next {
                list.append(SetElement(RegisterBytes(behind), isIntervalEnd: true))
            }
        default:
            let data = keysOnly ? nil : data
            if let comment {
                list.append(SetElement(key, data, comment: comment))
            } else {
                list.append(key, data)
            }
        }
    }

    var key: RegisterBytes {
        switch self {
        case .service(let key, _), .near(let key, _), .rejected(let key), .dropped(let key), .restricted(let key):
            key.registers
        case .endpoint(let key, let number, _), .slot(let key, let number, _), .sticky(let key, let number, _):
            key.registers.with(number: number)
        case .permitted(let key, let prefix): key.registers.with(prefix.address)
        case .clusterAddress(let address): RegisterBytes(address)
        case .hairpin(let address): RegisterBytes(address).with(address)
        case .podRange(let prefix), .serviceRange(let prefix): RegisterBytes(prefix.address)
        }
    }

    private var data: ElementData? {
        switch self {
        case .service(_, let frontClass), .near(_, let frontClass): .value(RegisterBytes(number: frontClass.number))
        case .endpoint(_, _, let endpoint), .sticky(_, _, let endpoint): .value(endpoint.registers)
        case .slot(_, _, let id): .value(RegisterBytes(number: id))
        default: nil
        }
    }

    /// Reads one element of a set; `nil` where it cannot be one of ours. Ranges of one field are read by `ranges`.
    init?(_ element: SetElement, of set: ServiceLayout.SetName, _ family: IPAddress.Family) {
        var reader = RegisterReader(element.key)
        if set == .clusterAddresses || set == .hairpins {
            guard let address = reader.address(family) else { return nil }
            if set == .hairpins, reader.address(family) != address { return nil }
            self = set == .hairpins ? .hairpin(address) : .clusterAddress(address)
            return
        }
        guard let key = reader.front(family) else { return nil }
        switch set {
        case .rejected: self = .rejected(key)
        case .dropped: self = .dropped(key)
        case .restricted: self = .restricted(key)
        case .services, .near:
            guard let frontClass = element.number.flatMap(FrontClass.init(number:)) else { return nil }
            self = set == .near ? .near(key, frontClass) : .service(key, frontClass)
        case .slots:
            guard let slot = reader.number(), let id = element.number else { return nil }
            self = .slot(key, slot: slot, id: id)
        case .endpoints, .stickyEndpoints:
            guard let number = reader.number(), let endpoint = element.endpoint(family) else { return nil }
            self = set == .endpoints ? .endpoint(key, slot: number, endpoint) : .sticky(key, id: number, endpoint)
        case .permitted:
            guard let first = reader.address(family), let end = element.keyEnd else { return nil }
            var last = RegisterReader(end)
            guard last.front(family) == key, let address = last.address(family),
                let prefix = IPPrefix(from: first, through: address)
            else { return nil }
            self = .permitted(key, prefix)
        case .affinity, .pick, .pickNear, .clusterAddresses, .serviceRanges, .pods, .hairpins, .podIngress, .podEgress:
            return nil
        }
    }

    /// Puts the two elements of each range together.
    static func ranges(_ elements: [SetElement], _ family: IPAddress.Family) -> [IPPrefix] {
        let parts = elements.compactMap { element in
            var reader = RegisterReader(element.key)
            return reader.address(family).map { (address: $0, isEnd: element.isIntervalEnd) }
        }.sorted { ($0.address, $0.isEnd ? 0 : 1) < ($1.address, $1.isEnd ? 0 : 1) }
        return parts.indices.compactMap { index in
            guard !parts[index].isEnd else { return nil }
            let end = parts[(index + 1)...].first { $0.isEnd }?.address
            let last = end.map(\.previous) ?? IPPrefix(parts[index].address, length: 0)?.lastAddress
            return last.flatMap { IPPrefix(from: parts[index].address, through: $0) }
        }
    }
}

extension FrontKey {
    var registers: RegisterBytes {
        RegisterBytes(address).with(protocol: self.protocol.rawValue).with(port: port)
    }
}

extension SocketEndpoint {
    var registers: RegisterBytes { RegisterBytes(address).with(port: port) }
}

extension SetElement {
    var number: UInt32? {
        guard case .value(let registers) = data else { return nil }
        return registers.number(atByte: 0)
    }

    func endpoint(_ family: IPAddress.Family) -> SocketEndpoint? {
        guard case .value(let registers) = data else { return nil }
        var reader = RegisterReader(registers)
        guard let address = reader.address(family), let port = reader.port() else { return nil }
        return SocketEndpoint(address: address, port: port)
    }
}

/// Takes a key of several fields apart.
struct RegisterReader {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ registers: RegisterBytes) { bytes = registers.bytes }

    mutating func address(_ family: IPAddress.Family) -> IPAddress? {
        take(family == .v4 ? 4 : 16).flatMap { IPAddress(bytes: $0) }
    }

    mutating func port() -> UInt16? { take(4).map { UInt16($0[$0.startIndex]) << 8 | UInt16($0[$0.startIndex + 1]) } }

    /// 32 bits in the order of this machine.
    mutating func number() -> UInt32? {
        take(4).map { word in word.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } }
    }

    mutating func front(_ family: IPAddress.Family) -> FrontKey? {
        guard let address = address(family), let number = take(4)?.first, let port = port(),
            let transport = TransportProtocol(rawValue: number)
        else { return nil }
        return FrontKey(address: address, protocol: transport, port: port)
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard offset + count <= bytes.count else { return nil }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }
}

extension IPPrefix {
    var lastAddress: IPAddress {
        let bytes = address.bytes.enumerated().map { index, byte in
            let kept = min(max(length - index * 8, 0), 8)
            return kept == 8 ? byte : byte | 0xff >> UInt8(kept)
        }
        return IPAddress(bytes: bytes) ?? address
    }

    /// `nil` where the two ends are not those of one prefix.
    init?(from first: IPAddress, through last: IPAddress) {
        guard first.family == last.family else { return nil }
        let differing = zip(first.bytes, last.bytes).map { $0 ^ $1 }
        let whole = differing.prefix { $0 == 0 }.count
        let bits = whole < differing.count ? differing[whole].leadingZeroBitCount : 0
        self.init(first, length: min(whole * 8 + bits, first.bitWidth))
        guard address == first, lastAddress == last else { return nil }
    }
}

extension IPAddress {
    /// `nil` behind the last address of the family.
    var next: IPAddress? {
        var bytes = bytes
        for index in bytes.indices.reversed() {
            bytes[index] &+= 1
            if bytes[index] != 0 { return IPAddress(bytes: bytes) }
        }
        return nil
    }

    /// The last address, before the first.
    var previous: IPAddress {
        var bytes = bytes
        for index in bytes.indices.reversed() {
            bytes[index] &-= 1
            if bytes[index] != 255 { break }
        }
        return IPAddress(bytes: bytes) ?? self
    }
}
