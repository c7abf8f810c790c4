package import NetTypes

/// The pair of interfaces between the node and one pod. Names and hardware addresses follow from the attachment, so that they are
/// known before the pair is made and after a crash, and so that no two parts need to tell each other.
package struct PodLink: Sendable, Hashable {
    /// The node's end: `fw` and 13 characters.
    package let hostName: String
    package let hostHardwareAddress: MACAddress
    /// The pod's end, inside its namespace.
    package let podName: String
    package let podHardwareAddress: MACAddress

    package init(_ key: AttachmentKey, hardwareAddress: MACAddress? = nil) {
        let bits = Self.digest(key.container.utf8 + [UInt8(ascii: "/")] + key.interface.utf8)
        hostName = Self.prefix + Self.base32(bits)
        hostHardwareAddress = .locallyAdministered(bits &* 0x9e37_79b9_7f4a_7c15 >> 16)
        podName = key.interface
        podHardwareAddress = hardwareAddress ?? .locallyAdministered(bits &* 0xc2b2_ae3d_27d4_eb4f >> 16)
    }

    static let prefix = "fw"

    /// Whether a link of the node has a name that only this type gives.
    static func isOurs(_ name: String) -> Bool {
        name.utf8.count == 15 && name.hasPrefix(prefix) && name.utf8.dropFirst(2).allSatisfy(alphabet.contains)
    }

    /// FNV-1a, 64 bits, and a last mix, as its high bits are weak. It need not withstand an attacker: container IDs are the runtime's own,
    /// and a pair of them that collides is refused.
    private static func digest(_ bytes: [UInt8]) -> UInt64 {
        var value = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
        return value ^ value >> 33
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    private static func base32(_ bits: UInt64) -> String {
        String(decoding: (0..<13).map { alphabet[Int(bits >> UInt64($0 * 5) & 31)] }, as: UTF8.self)
    }
}

/// The next hop of every pod: link-local addresses, the same everywhere, that no network of the user can collide with. The node's
/// interface has no IPv4 address of its own; the pod knows its hardware address by a permanent neighbour entry.
enum PodGateway {
    static let v4 = IPAddress.v4(169, 254, 1, 1)
    /// fe80::1
    static let v6 = IPAddress(bytes: [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]) ?? v4

    static func address(_ family: IPAddress.Family) -> IPAddress { family == .v4 ? v4 : v6 }

    static func everything(_ family: IPAddress.Family) -> IPPrefix? {
        IPPrefix(family == .v4 ? IPAddress.v4(0, 0, 0, 0) : v6, length: 0)
    }
}
