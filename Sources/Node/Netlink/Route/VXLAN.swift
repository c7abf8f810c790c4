package import NetTypes
import WireCodec

/// A VXLAN device (RFC 7348) with a static table: it neither learns nor asks.
package struct VXLAN: Hashable, Sendable {
    /// The network's number (VNI), 24 bits.
    package var identifier: UInt32
    /// UDP port of the outer packets.
    package var port: UInt16
    /// Source address of the outer packets; its family is the outer family.
    package var local: IPAddress?
    /// The link that outer packets leave by; `nil` for where routes say.
    package var underlay: Int32?
    package var learns: Bool

    package init(
        identifier: UInt32, port: UInt16, local: IPAddress?, underlay: Int32? = nil, learns: Bool = false
    ) {
        self.identifier = identifier
        self.port = port
        self.local = local
        self.underlay = underlay
        self.learns = learns
    }

    /// `IFLA_VXLAN_*` (linux/if_link.h).
    private enum Key {
        static let identifier: UInt16 = 1
        static let underlay: UInt16 = 3
        static let local: UInt16 = 4
        static let learning: UInt16 = 7
        static let port: UInt16 = 15
        static let local6: UInt16 = 17
    }

    init(decoding data: AttributeReader) throws(WireError) {
        self.init(identifier: 0, port: 0, local: nil)
        var attributes = data
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Key.identifier: identifier = try attribute.host()
            case Key.underlay: underlay = try attribute.host()
            case Key.local, Key.local6: local = try attribute.address()
            case Key.learning: learns = try attribute.host(UInt8.self) != 0
            case Key.port: port = try attribute.bigEndian()
            default: break
            }
        }
    }

    func write(to writer: inout WireWriter) {
        writer.attribute(Key.identifier, host: identifier)
        if let underlay { writer.attribute(Key.underlay, host: underlay) }
        if let local { writer.attribute(local.family == .v4 ? Key.local : Key.local6, raw: local.bytes) }
        writer.attribute(Key.learning, host: UInt8(learns ? 1 : 0))
        writer.attribute(Key.port, bigEndian: port)
    }
}
