/// The addresses of a prefix by number.
extension IPPrefix {
    /// How many addresses there are; `UInt64.max` where there are more than that.
    package var addressCount: UInt64 {
        let bits = address.bitWidth - length
        return bits >= 64 ? .max : 1 << UInt64(bits)
    }

    /// The address `offset` behind the first, counted from 0; `nil` outside the prefix.
    package func address(at offset: UInt64) -> IPAddress? {
        guard offset < addressCount || addressCount == .max else { return nil }
        var bytes = address.bytes
        var carry = offset
        for index in bytes.indices.reversed() where carry > 0 {
            // The prefix's own bits of this byte are kept: an offset within the count never reaches them.
            bytes[index] |= UInt8(truncatingIfNeeded: carry)
            carry >>= 8
        }
        return IPAddress(bytes: bytes)
    }

    /// The place of `other` in the prefix; `nil` outside, and where it is beyond 64 bits.
    package func offset(of other: IPAddress) -> UInt64? {
        guard contains(other) else { return nil }
        let bits = address.bitWidth - length
        let bytes = Array(other.bytes)
        guard bits <= 64 || zip(bytes, address.bytes).prefix(bytes.count - 8).allSatisfy({ $0 == $1 }) else {
            return nil
        }
        let low = bytes.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return bits >= 64 ? low : low & ((1 << UInt64(bits)) - 1)
    }
}
