package import NetTypes

/// A 32-bit register, 0...15. Longer values take the following ones too: an IPv6 address in `.word(0)` fills words 0 to 3.
package struct Register: Hashable, Sendable {
    /// `NFT_REG32_00` is 8.
    let number: UInt32

    package static func word(_ index: Int) -> Register {
        precondition((0..<16).contains(index), "nftables has registers 0 to 15")
        return Register(number: UInt32(8 + index))
    }

    static let verdict = Register(number: 0)
}

/// One step of a rule. Steps run in order; a comparison that does not hold, or a key that is not found, ends the rule.
package enum RuleExpression: Hashable, Sendable {
    /// Bytes of the packet.
    case payload(PayloadBase, offset: Int, length: Int, into: Register)
    case meta(MetaKey, into: Register)
    case setMeta(MetaKey, from: Register)
    case conntrack(ConntrackKey, direction: FlowDirection? = nil, into: Register)
    case setConntrack(ConntrackKey, from: Register)
    /// Goes on where the register holds the relation to these bytes.
    case compare(Register, Relation, [UInt8])
    /// Goes on where the register lies in `from...to` (or outside, with `isInverted`).
    case range(Register, from: [UInt8], to: [UInt8], isInverted: Bool = false)
    /// `value & mask ^ xor`
    case bitwise(Register, into: Register, mask: [UInt8], xor: [UInt8])
    /// Goes on where the key is (or is not) in the set.
    case lookup(set: String, key: Register, isInverted: Bool = false)
    /// Goes on with the map's data where the key is there.
    case map(String, key: Register, into: Register)
    /// Does what the verdict map says; goes on where the key is not there.
    case verdictMap(String, key: Register)
    /// A number 0..<modulus, random or one after another, plus `offset`.
    case number(into: Register, modulus: UInt32, isRandom: Bool = true, offset: UInt32 = 0)
    /// Jenkins hash of `length` bytes, modulo `modulus`, plus `offset`.
    case hash(Register, length: Int, into: Register, modulus: UInt32, seed: UInt32, offset: UInt32 = 0)
    case load([UInt8], into: Register)
    case verdict(Verdict)
    case destinationNAT(IPAddress.Family, address: Register, port: Register? = nil, flags: NATFlags = [])
    case sourceNAT(IPAddress.Family, address: Register, port: Register? = nil, flags: NATFlags = [])
    case masquerade(NATFlags = [])
    case redirect(port: Register? = nil, flags: NATFlags = [])
    /// What the routing tables say about the packet's address.
    case fib(FIBResult, FIBFlags, into: Register)
    /// Adds the key (with data) to a dynamic set or map, or renews its timeout (milliseconds; the set's where `nil`).
    case update(set: String, key: Register, data: Register? = nil, timeout: UInt64? = nil)
    /// As `update`, but leaves an element alone that is there.
    case add(set: String, key: Register, data: Register? = nil, timeout: UInt64? = nil)
    case delete(set: String, key: Register)
    case reject(Rejection)
    case counter
    /// Goes on at this rate per second at most.
    case limit(packetsPerSecond: UInt64, burst: UInt32)
    case log(prefix: String)
    case untracked
    case byteOrder(Register, into: Register, length: Int, size: Int, toHost: Bool)
}

/// `NFT_PAYLOAD_*`
package enum PayloadBase: UInt32, Hashable, Sendable {
    case link = 0
    case network = 1
    case transport = 2
}

/// `NFT_META_*`
package enum MetaKey: UInt32, Hashable, Sendable {
    case length = 0
    case etherType = 1
    /// The queueing class, in the machine's order.
    case priority = 2
    case mark = 3
    case inputLink = 4
    case outputLink = 5
    case inputLinkName = 6
    case outputLinkName = 7
    case socketUser = 10
    case trace = 12
    /// 2 for IPv4, 10 for IPv6: 1 byte.
    case networkProtocol = 15
    /// 6 TCP, 17 UDP, 132 SCTP: 1 byte.
    case transportProtocol = 16
    case packetType = 19
    case inputLinkGroup = 21
    case outputLinkGroup = 22
}

/// `NFT_CT_*`
package enum ConntrackKey: UInt32, Hashable, Sendable {
    /// Bits: 1 invalid, 2 established, 4 related, 8 new, 64 untracked.
    case state = 0
    case direction = 1
    /// Bits: 16 source NAT, 32 destination NAT.
    case status = 2
    case mark = 3
    case source = 8
    case destination = 9
    case transportProtocol = 10
    case sourcePort = 11
    case destinationPort = 12
    case labels = 13
    case zone = 17
    case ipv4Source = 19
    case ipv4Destination = 20
    case ipv6Source = 21
    case ipv6Destination = 22
}

package enum FlowDirection: UInt8, Hashable, Sendable {
    case original = 0
    case reply = 1
}

/// `NFT_CMP_*`
package enum Relation: UInt32, Hashable, Sendable {
    case equal = 0
    case notEqual = 1
    case less = 2
    case lessOrEqual = 3
    case greater = 4
    case greaterOrEqual = 5
}

/// `NF_NAT_RANGE_*`
package struct NATFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let random = NATFlags(rawValue: 0x4)
    /// The same client gets the same choice.
    package static let persistent = NATFlags(rawValue: 0x8)
    package static let fullyRandom = NATFlags(rawValue: 0x10)
}

/// `NFT_FIB_RESULT_*`
package enum FIBResult: UInt32, Hashable, Sendable {
    case outputLink = 1
    case outputLinkName = 2
    /// `RTN_*` as a number in the machine's order: 1 unicast, 2 local.
    case addressType = 3
}

/// `NFTA_FIB_F_*`
package struct FIBFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let source = FIBFlags(rawValue: 1)
    package static let destination = FIBFlags(rawValue: 2)
    package static let mark = FIBFlags(rawValue: 4)
    package static let inputLink = FIBFlags(rawValue: 8)
    package static let outputLink = FIBFlags(rawValue: 16)
}

package enum Rejection: Hashable, Sendable {
    case tcpReset
    /// For either family: port unreachable (1) and the like (`NFT_REJECT_ICMPX_*`).
    case icmpx(code: UInt8)
    /// In a table of one family, with that family's code.
    case icmp(code: UInt8)

    package static var portUnreachable: Rejection { .icmpx(code: 1) }
    package static var hostUnreachable: Rejection { .icmpx(code: 2) }
    package static var administrativelyProhibited: Rejection { .icmpx(code: 3) }
}

extension RuleExpression {
    package static func sourceAddress(_ family: IPAddress.Family, into register: Register) -> RuleExpression {
        .payload(.network, offset: family == .v4 ? 12 : 8, length: family == .v4 ? 4 : 16, into: register)
    }

    package static func destinationAddress(_ family: IPAddress.Family, into register: Register) -> RuleExpression {
        .payload(.network, offset: family == .v4 ? 16 : 24, length: family == .v4 ? 4 : 16, into: register)
    }

    /// `th sport`
    package static func sourcePort(into register: Register) -> RuleExpression {
        .payload(.transport, offset: 0, length: 2, into: register)
    }

    /// `th dport`
    package static func destinationPort(into register: Register) -> RuleExpression {
        .payload(.transport, offset: 2, length: 2, into: register)
    }

    /// Loads a value and compares it: a match.
    package static func match(
        _ key: MetaKey, equals value: UInt32, using register: Register = .word(0)
    ) -> [RuleExpression] {
        let bytes: [UInt8]
        switch key {
        case .networkProtocol, .transportProtocol, .packetType: bytes = [UInt8(truncatingIfNeeded: value)]
        default: bytes = hostBytes(value)
        }
        return [.meta(key, into: register), .compare(register, .equal, bytes)]
    }

    /// Any of the bits is set (`ct state new`, `ct status dnat`, `meta mark and …`).
    package static func anyBit(
        _ bits: UInt32, of load: RuleExpression, in register: Register = .word(0)
    ) -> [RuleExpression] {
        [
            load, .bitwise(register, into: register, mask: hostBytes(bits), xor: hostBytes(0)),
            .compare(register, .notEqual, hostBytes(0)),
        ]
    }

    /// A number as registers hold it.
    package static func hostBytes(_ value: UInt32) -> [UInt8] {
        withUnsafeBytes(of: value) { Array($0) }
    }
}
