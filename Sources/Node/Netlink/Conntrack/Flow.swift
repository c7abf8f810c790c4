package import NetTypes
import WireCodec

/// Both ends of a connection in one direction.
package struct FlowTuple: Hashable, Sendable {
    package var source: IPAddress
    package var destination: IPAddress
    /// 6 TCP, 17 UDP, 132 SCTP, 1 and 58 ICMP.
    package var `protocol`: UInt8
    /// 0 where the protocol has no ports.
    package var sourcePort: UInt16
    package var destinationPort: UInt16

    package init(
        source: IPAddress, destination: IPAddress, protocol: UInt8, sourcePort: UInt16, destinationPort: UInt16
    ) {
        self.source = source
        self.destination = destination
        self.protocol = `protocol`
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
    }
}

/// A connection that the kernel tracks.
package struct Flow: Hashable, Sendable {
    /// As its first packet was sent.
    package var original: FlowTuple
    /// As answers come: its source is where the packets really went (after destination NAT).
    package var reply: FlowTuple
    package var status: FlowStatus
    package var mark: UInt32
    package var zone: UInt16
    /// Seconds until it is forgotten.
    package var timeout: UInt32
    /// Tells it from a later one with equal tuples.
    package var id: UInt32?

    /// `CTA_*` (linux/netfilter/nfnetlink_conntrack.h).
    enum Key {
        static let original: UInt16 = 1
        static let reply: UInt16 = 2
        static let status: UInt16 = 3
        static let timeout: UInt16 = 7
        static let mark: UInt16 = 8
        static let id: UInt16 = 12
        static let zone: UInt16 = 18
        static let filter: UInt16 = 25
    }

    /// `nil` where the message is not a flow's, or of addresses that are neither IPv4 nor IPv6.
    init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == ConntrackMessage.new else { return nil }
        var reader = message.payload
        try reader.skip(4)
        var original: FlowTuple?
        var reply: FlowTuple?
        (status, mark, zone, timeout) = ([], 0, 0, 0)
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Key.original: original = try FlowTuple(decoding: attribute)
            case Key.reply: reply = try FlowTuple(decoding: attribute)
            case Key.status: status = FlowStatus(rawValue: try attribute.bigEndian())
            case Key.timeout: timeout = try attribute.bigEndian()
            case Key.mark: mark = try attribute.bigEndian()
            case Key.id: id = try attribute.bigEndian()
            case Key.zone: zone = try attribute.bigEndian()
            default: break
            }
        }
        guard let original, let reply else { return nil }
        self.original = original
        self.reply = reply
    }
}

/// `IPS_*` (linux/netfilter/nf_conntrack_common.h).
package struct FlowStatus: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let seenReply = FlowStatus(rawValue: 0x2)
    package static let assured = FlowStatus(rawValue: 0x4)
    package static let confirmed = FlowStatus(rawValue: 0x8)
    package static let sourceNAT = FlowStatus(rawValue: 0x10)
    package static let destinationNAT = FlowStatus(rawValue: 0x20)
}

extension FlowTuple {
    /// `CTA_TUPLE_IP { … } CTA_TUPLE_PROTO { … }`
    init?(decoding tuple: Attribute) throws(WireError) {
        var source: IPAddress?
        var destination: IPAddress?
        (`protocol`, sourcePort, destinationPort) = (0, 0, 0)
        var parts = tuple.attributes
        while let part = try parts.next() {
            var fields = part.attributes
            while let field = try fields.next() {
                switch (part.type, field.type) {
                case (1, 1), (1, 3): source = try field.address()
                case (1, 2), (1, 4): destination = try field.address()
                case (2, 1): `protocol` = try field.host()
                case (2, 2): sourcePort = try field.bigEndian()
                case (2, 3): destinationPort = try field.bigEndian()
                default: break
                }
            }
        }
        guard let source, let destination else { return nil }
        self.source = source
        self.destination = destination
    }

    func write(to writer: inout WireWriter) {
        let isV4 = source.family == .v4
        writer.nested(1) { addresses in
            addresses.attribute(isV4 ? 1 : 3, raw: source.bytes)
            addresses.attribute(isV4 ? 2 : 4, raw: destination.bytes)
        }
        writer.nested(2) { fields in
            fields.attribute(1, host: `protocol`)
            fields.attribute(2, bigEndian: sourcePort)
            fields.attribute(3, bigEndian: destinationPort)
        }
    }
}

extension FlowTuple: CustomStringConvertible {
    package var description: String {
        let from = SocketEndpoint(address: source, port: sourcePort)
        let to = SocketEndpoint(address: destination, port: destinationPort)
        return "protocol \(`protocol`) \(from) to \(to)"
    }
}

/// Message types: `NFNL_SUBSYS_CTNETLINK` (1) in the upper byte.
enum ConntrackMessage {
    static let new: UInt16 = 0x100
    static let get: UInt16 = 0x101
    static let delete: UInt16 = 0x102
}
