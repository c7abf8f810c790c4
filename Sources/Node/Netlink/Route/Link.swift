package import NetTypes
package import WireCodec

/// A network device as the kernel describes it (`RTM_NEWLINK`).
package struct Link: Hashable, Sendable {
    package var index: Int32
    package var name: String
    /// `IFF_*`
    package var flags: UInt32
    /// `ARPHRD_*`: 1 is Ethernet, 772 loopback.
    package var hardwareType: UInt16
    package var mac: MACAddress?
    /// In bytes.
    package var mtu: UInt32 = 0
    /// RFC 2863: 6 is up.
    package var operationalState: UInt8 = 0
    package var group: UInt32 = 0
    /// The bridge or bond that it belongs to.
    package var master: Int32?
    /// For veth the index of the other end (in the namespace `peerNamespaceID`), for vxlan the underlay.
    package var lower: Int32?
    /// The kernel's number for the namespace where `lower` is; `nil` for this one.
    package var peerNamespaceID: Int32?
    /// `veth`, `vxlan`, `bridge`…; `nil` for hardware and loopback.
    package var kind: String?
    package var alias: String?
    package var vxlan: VXLAN?

    package var isUp: Bool { flags & 1 != 0 }
    package var isLoopback: Bool { flags & 8 != 0 }
    /// Up, and the other side too.
    package var isRunning: Bool { flags & 0x40 != 0 }

    /// `nil` where the message is not a link's.
    package init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == RouteMessage.newLink || message.type == RouteMessage.deleteLink else { return nil }
        var reader = message.payload
        // Bridge ports come under AF_BRIDGE in notices: not the device itself.
        guard try reader.uint8() == 0 else { return nil }
        try reader.skip(1)
        hardwareType = try reader.host()
        index = try reader.host()
        flags = try reader.host()
        try reader.skip(4)
        name = ""
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() { try take(attribute) }
    }

    private mutating func take(_ attribute: Attribute) throws(WireError) {
        switch attribute.type {
        case LinkKey.mac: mac = attribute.mac()
        case LinkKey.name: name = try attribute.text()
        case LinkKey.mtu: mtu = try attribute.host()
        case LinkKey.lower: lower = try attribute.host()
        case LinkKey.master: master = try attribute.host()
        case LinkKey.operationalState: operationalState = try attribute.host()
        case LinkKey.alias: alias = try attribute.text()
        case LinkKey.group: group = try attribute.host()
        case LinkKey.peerNamespaceID: peerNamespaceID = try attribute.host()
        case LinkKey.information: try takeInformation(attribute.attributes)
        default: break
        }
    }

    private mutating func takeInformation(_ information: AttributeReader) throws(WireError) {
        var attributes = information
        var data: AttributeReader?
        while let attribute = try attributes.next() {
            switch attribute.type {
            case LinkKey.informationKind: kind = try attribute.text()
            case LinkKey.informationData: data = attribute.attributes
            default: break
            }
        }
        if kind == "vxlan", let data { vxlan = try VXLAN(decoding: data) }
    }
}

/// How a request names a link.
package enum LinkReference: Hashable, Sendable, CustomStringConvertible {
    case named(String)
    case index(Int32)

    package var description: String {
        switch self {
        case .named(let name): name
        case .index(let index): "#\(index)"
        }
    }

    /// `struct ifinfomsg`, then the name where there is no index.
    func writeHeader(to writer: inout WireWriter, flags: UInt32 = 0, changed: UInt32 = 0) {
        writer.zeros(4)
        switch self {
        case .named: writer.host(Int32(0))
        case .index(let index): writer.host(index)
        }
        writer.host(flags)
        writer.host(changed)
        if case .named(let name) = self { writer.attribute(LinkKey.name, text: name) }
    }
}

/// `IFLA_*` (linux/if_link.h).
enum LinkKey {
    static let mac: UInt16 = 1
    static let name: UInt16 = 3
    static let mtu: UInt16 = 4
    static let lower: UInt16 = 5
    static let master: UInt16 = 10
    static let queueLength: UInt16 = 13
    static let operationalState: UInt16 = 16
    static let information: UInt16 = 18
    static let alias: UInt16 = 20
    static let perFamily: UInt16 = 26
    static let group: UInt16 = 27
    static let namespace: UInt16 = 28
    static let peerNamespaceID: UInt16 = 37

    static let informationKind: UInt16 = 1
    static let informationData: UInt16 = 2
    static let informationMemberKind: UInt16 = 4
    static let informationMemberData: UInt16 = 5
}
