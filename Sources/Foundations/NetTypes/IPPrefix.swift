/// An address range in CIDR form. Host bits are cleared when one is made; `init?(_ text:)` refuses texts that have any.
package struct IPPrefix: Hashable, Sendable {
    package let address: IPAddress
    /// Leading bits that count: 0...32 for IPv4, 0...128 for IPv6.
    package let length: Int

    /// `nil` where `length` is out of the family's range.
    package init?(_ address: IPAddress, length: Int) {
        guard let masked = address.masked(to: length) else { return nil }
        self.address = masked
        self.length = length
    }

    /// One address alone.
    package init(_ address: IPAddress) {
        self.address = address
        self.length = address.bitWidth
    }

    /// Reads `10.0.0.0/8` or `2001:db8::/32`, strictly: a prefix length, and no host bits set.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]), (1...3).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]),
            let masked = address.masked(to: length), masked == address
        else { return nil }
        self.address = address
        self.length = length
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.masked(to: length) == address
    }

    package func contains(_ other: IPPrefix) -> Bool {
        other.length >= length && contains(other.address)
    }
}

extension IPPrefix: CustomStringConvertible {
    package var description: String { "\(address)/\(length)" }
}

extension IPAddress {
    /// 32 or 128.
    package var bitWidth: Int {
        switch family {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address with all but its `length` leading bits cleared; `nil` where there are no so many.
    package func masked(to length: Int) -> IPAddress? {
        guard (0...bitWidth).contains(length) else { return nil }
        return IPAddress(
            bytes: bytes.enumerated().map { index, byte in
                let kept = min(max(length - index * 8, 0), 8)
                return kept == 0 ? 0 : byte & (0xff << UInt8(8 - kept))
            })
    }
}
