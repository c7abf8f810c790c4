package import NetTypes
package import WireCodec

/// An address of a link (`RTM_NEWADDR`).
package struct InterfaceAddress: Hashable, Sendable {
    package var link: Int32
    package var address: IPAddress
    package var prefixLength: Int
    package var scope: RouteScope
    package var flags: AddressFlags
    /// The other end of a point-to-point link, where it differs.
    package var peer: IPAddress?

    /// - Parameter flags: `noDuplicateDetection` makes an IPv6 address usable at once.
    package init(
        _ address: IPAddress, prefixLength: Int, link: Int32, scope: RouteScope = .universe,
        flags: AddressFlags = [.noDuplicateDetection], peer: IPAddress? = nil
    ) {
        self.link = link
        self.address = address
        self.prefixLength = prefixLength
        self.scope = scope
        self.flags = flags
        self.peer = peer
    }

    /// `IFA_*` (linux/if_addr.h).
    private enum Key {
        static let address: UInt16 = 1
        static let local: UInt16 = 2
        static let flags: UInt16 = 8
    }

    /// `nil` where the message is not an address's, or of a family that is neither IPv4 nor IPv6.
    package init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == RouteMessage.newAddress || message.type == RouteMessage.deleteAddress else { return nil }
        var reader = message.payload
        _ = try reader.uint8()
        prefixLength = Int(try reader.uint8())
        flags = AddressFlags(rawValue: UInt32(try reader.uint8()))
        scope = RouteScope(rawValue: try reader.uint8())
        link = try reader.host()
        var local: IPAddress?
        var remote: IPAddress?
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Key.address: remote = IPAddress(bytes: attribute.raw())
            case Key.local: local = IPAddress(bytes: attribute.raw())
            case Key.flags: flags = AddressFlags(rawValue: try attribute.host())
            default: break
            }
        }
        guard let address = local ?? remote else { return nil }
        self.address = address
        peer = remote == address ? nil : remote
    }

    fileprivate func write(to writer: inout WireWriter) {
        writer.uint8(address.family.code)
        writer.uint8(UInt8(clamping: prefixLength))
        writer.uint8(UInt8(truncatingIfNeeded: flags.rawValue))
        writer.uint8(scope.rawValue)
        writer.host(link)
        writer.attribute(Key.local, raw: address.bytes)
        writer.attribute(Key.address, raw: (peer ?? address).bytes)
        writer.attribute(Key.flags, host: flags.rawValue)
    }
}

/// `IFA_F_*` (linux/if_addr.h).
package struct AddressFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Usable at once, without asking the link whether somebody has it (IPv6).
    package static let noDuplicateDetection = AddressFlags(rawValue: 0x2)
    package static let duplicate = AddressFlags(rawValue: 0x8)
    package static let tentative = AddressFlags(rawValue: 0x40)
    package static let permanent = AddressFlags(rawValue: 0x80)
    /// Without the route to its prefix that the kernel would add.
    package static let noPrefixRoute = AddressFlags(rawValue: 0x200)
}

extension RouteRequest {
    /// EEXIST where the link has it.
    package static func addAddress(_ address: InterfaceAddress) -> RouteRequest {
        change("add", address, type: RouteMessage.newAddress, flags: [.create, .exclusive])
    }

    /// As `addAddress`, and fine with an address that is there.
    package static func replaceAddress(_ address: InterfaceAddress) -> RouteRequest {
        change("set", address, type: RouteMessage.newAddress, flags: [.create, .replace])
    }

    /// EADDRNOTAVAIL where the link does not have it.
    package static func deleteAddress(_ address: InterfaceAddress) -> RouteRequest {
        change("delete", address, type: RouteMessage.deleteAddress, flags: [])
    }

    private static func change(
        _ verb: String, _ address: InterfaceAddress, type: UInt16, flags: MessageFlags
    )
        -> RouteRequest
    {
        let operation = "\(verb) address \(address.address)/\(address.prefixLength) on link #\(address.link)"
        return RouteRequest(operation, type: type, flags: flags) { address.write(to: &$0) }
    }
}
