package import NetTypes

/// An address with a prefix length; bits behind the prefix may be set, as in Go's `netip.Prefix`.
package struct CIDRValue: Hashable, Sendable {
    package var address: IPAddress
    package var length: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Value.ipAddress(String(parts[0])), let length = Int(parts[1]),
            String(length) == parts[1], (0...address.bitWidth).contains(length)
        else { return nil }
        self.address = address
        self.length = length
    }

    init(_ address: IPAddress, _ length: Int) {
        self.address = address
        self.length = length
    }

    /// Without the bits behind the prefix.
    var masked: CIDRValue { CIDRValue(address.masked(to: length) ?? address, length) }

    func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.masked(to: length) == address.masked(to: length)
    }

    func contains(_ other: CIDRValue) -> Bool { other.length >= length && contains(other.address) }
}

extension CIDRValue: CustomStringConvertible {
    package var description: String { "\(address)/\(length)" }
}

extension Value {
    /// An address as Kubernetes takes them: no zone, and no IPv4 address within an IPv6 one.
    static func ipAddress(_ text: String) -> IPAddress? {
        guard let address = IPAddress(text) else { return nil }
        if address.family == .v6, address.bytes.prefix(10).allSatisfy({ $0 == 0 }),
            address.bytes[10] == 0xff, address.bytes[11] == 0xff
        {
            return nil
        }
        return address
    }
}
