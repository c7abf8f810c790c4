package import NetTypes

/// One pod CIDR of the node, and where the next search begins.
///
/// Addresses are given round robin, so that one that was freed comes back as late as possible: caches of its old owner
/// (neighbours, conntrack, DNS) have time to go stale without harm.
package struct AddressPool: Sendable, Hashable {
    package let prefix: IPPrefix
    /// The offset that the next search begins at.
    var next: UInt64

    package init(_ prefix: IPPrefix) {
        self.prefix = prefix
        next = Self.usable(prefix).lowerBound
    }

    /// Offsets that pods may have. In a real subnet the first address names the network (in IPv6 the routers, RFC 4291 2.6.1), the
    /// second is left to the node, and the last is IPv4's broadcast. A prefix of one or two addresses is given out whole.
    package var usable: ClosedRange<UInt64> { Self.usable(prefix) }

    private static func usable(_ prefix: IPPrefix) -> ClosedRange<UInt64> {
        let count = prefix.addressCount
        guard prefix.address.bitWidth - prefix.length > 1 else { return 0...count - 1 }
        return 2...(prefix.address.family == .v4 ? count - 2 : count - 1)
    }

    /// At most as many as fit an `Int`.
    package var capacity: Int {
        let usable = usable
        return Int(clamping: min(usable.upperBound - usable.lowerBound, .max - 1) + 1)
    }

    package func mayGive(_ address: IPAddress) -> Bool {
        prefix.offset(of: address).map(usable.contains) ?? false
    }

    /// The next free address. `held` counts the addresses of this pool that are taken, so that a full pool is known without a search.
    mutating func take(held: Int, isFree: (IPAddress) -> Bool) -> IPAddress? {
        guard held < capacity else { return nil }
        var offset = usable.contains(next) ? next : usable.lowerBound
        // At most `held` of the addresses in a row are taken.
        for _ in 0...held {
            let following = offset == usable.upperBound ? usable.lowerBound : offset + 1
            if let address = prefix.address(at: offset), isFree(address) {
                next = following
                return address
            }
            offset = following
        }
        return nil
    }

    /// The search goes on behind `address`.
    mutating func moveBehind(_ address: IPAddress) {
        guard let offset = prefix.offset(of: address), usable.contains(offset) else { return }
        next = offset == usable.upperBound ? usable.lowerBound : offset + 1
    }
}
