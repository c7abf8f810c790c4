package import NetTypes
package import WireCodec

/// Which of the kernel's tables of link-layer addresses.
package enum NeighbourTable: Hashable, Sendable {
    /// ARP.
    case v4
    /// NDP.
    case v6
    /// Forwarding entries (FDB) of bridges and VXLAN devices.
    case forwarding

    package init(_ family: IPAddress.Family) {
        self = family == .v4 ? .v4 : .v6
    }

    /// `AF_INET`, `AF_INET6`, `AF_BRIDGE`.
    var code: UInt8 {
        switch self {
        case .v4: 2
        case .v6: 10
        case .forwarding: 7
        }
    }
}

/// A neighbour or a forwarding entry (`RTM_NEWNEIGH`).
package struct Neighbour: Hashable, Sendable {
    package var table: NeighbourTable
    package var link: Int32
    /// The neighbour's address; for a forwarding entry of a VXLAN device the other end of the tunnel.
    package var address: IPAddress?
    package var mac: MACAddress?
    package var state: NeighbourState
    package var flags: NeighbourFlags

    package init(
        _ table: NeighbourTable, link: Int32, address: IPAddress?, mac: MACAddress?,
        state: NeighbourState = .permanent, flags: NeighbourFlags = []
    ) {
        self.table = table
        self.link = link
        self.address = address
        self.mac = mac
        self.state = state
        self.flags = flags
    }

    /// A neighbour that is never asked for and never forgotten.
    package static func permanent(_ address: IPAddress, at mac: MACAddress, link: Int32) -> Neighbour {
        Neighbour(NeighbourTable(address.family), link: link, address: address, mac: mac)
    }

    /// "I answer for this address on this link" (proxy ARP or NDP of one address).
    package static func proxy(_ address: IPAddress, link: Int32) -> Neighbour {
        Neighbour(
            NeighbourTable(address.family), link: link, address: address, mac: nil, state: .permanent, flags: [.proxy])
    }

    /// Frames for `mac` leave a VXLAN device towards `destination`.
    package static func tunnel(to mac: MACAddress, at destination: IPAddress, link: Int32) -> Neighbour {
        Neighbour(.forwarding, link: link, address: destination, mac: mac, flags: [.ofItself])
    }

    /// `NDA_*` (linux/neighbour.h).
    private enum Key {
        static let address: UInt16 = 1
        static let mac: UInt16 = 2
    }

    /// `nil` where the message is not a neighbour's, or of another family.
    package init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == RouteMessage.newNeighbour || message.type == RouteMessage.deleteNeighbour else {
            return nil
        }
        var reader = message.payload
        switch try reader.uint8() {
        case NeighbourTable.v4.code: table = .v4
        case NeighbourTable.v6.code: table = .v6
        case NeighbourTable.forwarding.code: table = .forwarding
        default: return nil
        }
        try reader.skip(3)
        link = try reader.host()
        state = NeighbourState(rawValue: try reader.host())
        flags = NeighbourFlags(rawValue: try reader.uint8())
        try reader.skip(1)
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Key.address: address = IPAddress(bytes: attribute.raw())
            case Key.mac: mac = attribute.mac()
            default: break
            }
        }
    }

    fileprivate func write(to writer: inout WireWriter) {
        writer.uint8(table.code)
        writer.zeros(3)
        writer.host(link)
        writer.host(state.rawValue)
        writer.uint8(flags.rawValue)
        writer.uint8(0)
        if let address { writer.attribute(Key.address, raw: address.bytes) }
        if let mac { writer.attribute(Key.mac, raw: mac.bytes) }
    }
}

/// `NUD_*`
package struct NeighbourState: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let incomplete = NeighbourState(rawValue: 0x01)
    package static let reachable = NeighbourState(rawValue: 0x02)
    package static let stale = NeighbourState(rawValue: 0x04)
    package static let failed = NeighbourState(rawValue: 0x20)
    package static let noARP = NeighbourState(rawValue: 0x40)
    package static let permanent = NeighbourState(rawValue: 0x80)
}

/// `NTF_*`
package struct NeighbourFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The device's own table, not that of its bridge (`NTF_SELF`).
    package static let ofItself = NeighbourFlags(rawValue: 0x02)
    package static let ofMaster = NeighbourFlags(rawValue: 0x04)
    package static let proxy = NeighbourFlags(rawValue: 0x08)
    package static let router = NeighbourFlags(rawValue: 0x80)
}

extension Neighbour: CustomStringConvertible {
    package var description: String {
        let subject = table == .forwarding ? "\(mac?.description ?? "any") dst" : ""
        return [
            subject, address?.description ?? "-", "dev #\(link)",
            table == .forwarding ? "" : mac.map { "lladdr \($0)" } ?? "",
        ]
        .filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension RouteRequest {
    /// Adds it, or takes the place of the entry with this key (for a neighbour its address, for a forwarding entry its MAC address).
    package static func replaceNeighbour(_ neighbour: Neighbour) -> RouteRequest {
        change("set", neighbour, type: RouteMessage.newNeighbour, flags: [.create, .replace])
    }

    /// ENOENT where there is none.
    package static func deleteNeighbour(_ neighbour: Neighbour) -> RouteRequest {
        change("delete", neighbour, type: RouteMessage.deleteNeighbour, flags: [])
    }

    private static func change(
        _ verb: String, _ neighbour: Neighbour, type: UInt16, flags: MessageFlags
    ) -> RouteRequest {
        let noun = neighbour.table == .forwarding ? "forwarding entry" : "neighbour"
        return RouteRequest("\(verb) \(noun) \(neighbour)", type: type, flags: flags) { neighbour.write(to: &$0) }
    }
}
