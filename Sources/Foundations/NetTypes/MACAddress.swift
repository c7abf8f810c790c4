/// An Ethernet address (EUI-48).
package struct MACAddress: Hashable, Sendable {
    private let value: UInt64

    private init(value: UInt64) {
        self.value = value
    }

    /// Six bytes in the order they are sent.
    package var bytes: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) }
    }

    /// `nil` unless there are six bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 6 else { return nil }
        self.init(value: bytes.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// A unicast address out of the range that is free for local use (IEEE 802), from any 46 bits: equal bits give equal addresses.
    package static func locallyAdministered(_ bits: UInt64) -> MACAddress {
        MACAddress(value: bits & 0xfcff_ffff_ffff | 0x0200_0000_0000)
    }

    package var isMulticast: Bool { value >> 40 & 1 == 1 }
}

extension MACAddress {
    /// Reads `02:42:ac:11:00:02`: six groups of two hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        let groups = text.split(separator: ":", omittingEmptySubsequences: false)
        guard groups.count == 6 else { return nil }
        var bytes: [UInt8] = []
        for group in groups {
            guard group.utf8.count == 2, group.first != "+", group.first != "-", let byte = UInt8(group, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        self.init(bytes: bytes)
    }
}

extension MACAddress: CustomStringConvertible {
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}

extension MACAddress: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let address = MACAddress(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an Ethernet address")
        }
        self = address
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
