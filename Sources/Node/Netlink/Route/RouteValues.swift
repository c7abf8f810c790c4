/// What happens to a packet that a route matches (`RTN_*`, linux/rtnetlink.h).
package struct RouteKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let unicast = RouteKind(rawValue: 1)
    package static let local = RouteKind(rawValue: 2)
    package static let broadcast = RouteKind(rawValue: 3)
    package static let multicast = RouteKind(rawValue: 5)
    /// Dropped in silence.
    package static let blackhole = RouteKind(rawValue: 6)
    /// Answered with "host unreachable".
    package static let unreachable = RouteKind(rawValue: 7)
    package static let prohibit = RouteKind(rawValue: 8)

    package var description: String {
        let names = [1: "unicast", 2: "local", 3: "broadcast", 5: "multicast", 6: "blackhole", 7: "unreachable"]
        return names[Int(rawValue)] ?? (self == .prohibit ? "prohibit" : "kind \(rawValue)")
    }
}

/// How far away a destination is (`RT_SCOPE_*`).
package struct RouteScope: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let universe = RouteScope(rawValue: 0)
    package static let site = RouteScope(rawValue: 200)
    package static let link = RouteScope(rawValue: 253)
    package static let host = RouteScope(rawValue: 254)
    package static let nowhere = RouteScope(rawValue: 255)
}

/// Who put a route there (`RTPROT_*`). The kernel does not interpret numbers above 4.
package struct RouteProtocol: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let kernel = RouteProtocol(rawValue: 2)
    package static let boot = RouteProtocol(rawValue: 3)
    package static let `static` = RouteProtocol(rawValue: 4)
    /// Ours: `ip route show proto 102`.
    package static let fairway = RouteProtocol(rawValue: 102)
}
