package import NetTypes

/// Addresses to give to Services, such as `10.96.0.0/16`. At most 2^16 of a larger IPv6 range are used.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    package let base: IPAddress
    package let length: Int

    /// Reads `address/length`; `nil` unless it is a range with at least four addresses whose host bits are zero.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPAddress(parts[0]), let length = Int(parts[1]), length >= 8,
            length <= (base.family == .v4 ? 30 : 126)
        else { return nil }
        self.base = base
        self.length = length
        let hostBits = base.bytes.count * 8 - length
        for bit in 0..<hostBits where base.bytes[base.bytes.count - 1 - bit / 8] & (1 << (bit % 8)) != 0 {
            return nil
        }
    }

    package var description: String { "\(base)/\(length)" }

    /// How many addresses can be given out: neither the first, nor IPv4's broadcast address.
    var count: Int {
        let bits = base.bytes.count * 8 - length
        return (1 << min(bits, base.family == .v4 ? 24 : 16)) - (base.family == .v4 ? 2 : 1)
    }

    /// Kept for addresses asked for by name.
    var reserved: Int { min(max(16, count / 16), 256) }

    /// The address of a number from 0 to `count - 1`.
    func address(_ number: Int) -> IPAddress {
        var bytes = base.bytes
        var rest = number + 1
        for index in bytes.indices.reversed() where rest > 0 {
            rest += Int(bytes[index])
            bytes[index] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
        return IPAddress(bytes: bytes) ?? base
    }

    /// The number of an address; `nil` if it is outside or not to be given out.
    func number(of address: IPAddress) -> Int? {
        guard address.family == base.family else { return nil }
        var difference = 0
        for (a, b) in zip(address.bytes, base.bytes) {
            difference = difference << 8 + (Int(a) - Int(b))
            guard difference >= 0, difference < 1 << 32 else { return nil }
        }
        return (1...count).contains(difference) ? difference - 1 : nil
    }
}
