/// An IPv4 or IPv6 address, kept as bytes in network order.
///
/// Parsing is strict: no leading zeros in IPv4 octets (their meaning differs between tools), no zone in IPv6.
package struct IPAddress: Hashable, Sendable {
    package enum Family: Hashable, Sendable {
        case v4
        case v6
    }

    package let family: Family
    private let high: UInt64
    private let low: UInt64

    private init(family: Family, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// The address as 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        switch family {
        case .v4:
            return (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt64(24 - 8 * $0)) }
        case .v6:
            return (0..<16).map { index in
                let word = index < 8 ? high : low
                return UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index % 8)))
            }
        }
    }

    /// An address from 4 (IPv4) or 16 (IPv6) bytes in network order; `nil` for any other count.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self.init(family: .v4, high: 0, low: bytes.reduce(0) { $0 << 8 | UInt64($1) })
        case 16:
            self.init(
                family: .v6,
                high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
        default:
            return nil
        }
    }

    package static func v4(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> IPAddress {
        IPAddress(family: .v4, high: 0, low: [a, b, c, d].reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// `0.0.0.0` or `::`, which a listener takes to mean every local address.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    package var isLoopback: Bool {
        switch family {
        case .v4: low >> 24 == 127
        case .v6: high == 0 && low == 1
        }
    }
}

extension IPAddress: Comparable {
    package static func < (a: IPAddress, b: IPAddress) -> Bool {
        if a.family != b.family { return a.family == .v4 }
        return (a.high, a.low) < (b.high, b.low)
    }
}

extension IPAddress {
    /// Reads the textual form: dotted decimal (RFC 6943 strict), or RFC 4291 section 2.2 for IPv6.
    package init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let groups = Self.ipv6Groups(Substring(text)) else { return nil }
            self.init(
                family: .v6,
                high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
                low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
        } else {
            guard let octets = Self.ipv4Octets(Substring(text)) else { return nil }
            self.init(bytes: octets)
        }
    }

    private static func ipv4Octets(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), (1...3).contains(part.utf8.count),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0"), let octet = UInt8(part)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func ipv6Groups(_ text: Substring) -> [UInt16]? {
        guard text.utf8.count <= 45 else { return nil }
        var head: [UInt16] = []
        var tail: [UInt16] = []
        let gap = text.firstRange(of: "::")
        guard appendGroups(text[..<(gap?.lowerBound ?? text.endIndex)], to: &head, allowsIPv4: gap == nil) else {
            return nil
        }
        if let gap {
            guard appendGroups(text[gap.upperBound...], to: &tail, allowsIPv4: true) else { return nil }
            // "::" stands for at least one group.
            guard head.count + tail.count <= 7 else { return nil }
        } else {
            guard head.count == 8 else { return nil }
        }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func appendGroups(_ text: Substring, to groups: inout [UInt16], allowsIPv4: Bool) -> Bool {
        guard !text.isEmpty else { return true }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return false }
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, allowsIPv4, let octets = ipv4Octets(part) {
                groups.append(UInt16(octets[0]) << 8 | UInt16(octets[1]))
                groups.append(UInt16(octets[2]) << 8 | UInt16(octets[3]))
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return false }
                groups.append(group)
            }
        }
        return true
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted decimal, or RFC 5952 for IPv6.
    package var description: String {
        switch family {
        case .v4:
            return bytes.map(String.init).joined(separator: ".")
        case .v6:
            let groups = (0..<8).map { index -> UInt16 in
                let word = index < 4 ? high : low
                return UInt16(truncatingIfNeeded: word >> UInt64(48 - 16 * (index % 4)))
            }
            return Self.compressed(groups)
        }
    }

    private static func compressed(_ groups: [UInt16]) -> String {
        var longest = 0..<0
        var start = 0
        while start < 8 {
            guard groups[start] == 0 else {
                start += 1
                continue
            }
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > longest.count { longest = start..<end }
            start = end
        }
        let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        // RFC 5952 section 4.2.2: one lone zero group is not shortened.
        guard longest.count > 1 else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}
