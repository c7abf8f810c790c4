import Glibc
package import WireCodec

/// `nlmsg_flags` of `struct nlmsghdr` (linux/netlink.h).
package struct MessageFlags: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    static let request = MessageFlags(rawValue: 0x1)
    static let multi = MessageFlags(rawValue: 0x2)
    static let acknowledge = MessageFlags(rawValue: 0x4)
    static let echo = MessageFlags(rawValue: 0x8)
    static let interrupted = MessageFlags(rawValue: 0x10)
    static let capped = MessageFlags(rawValue: 0x100)
    static let hasAttributes = MessageFlags(rawValue: 0x200)
    static let dump = MessageFlags(rawValue: 0x300)
    /// Modifiers of NEW requests.
    package static let replace = MessageFlags(rawValue: 0x100)
    package static let exclusive = MessageFlags(rawValue: 0x200)
    package static let create = MessageFlags(rawValue: 0x400)
    package static let append = MessageFlags(rawValue: 0x800)
}

/// One message that came from the kernel.
package struct NetlinkMessage: Sendable {
    package var type: UInt16
    package var flags: MessageFlags
    package var sequence: UInt32
    /// Who caused the notice: the port of the socket that asked for the change, 0 for the kernel itself.
    package var port: UInt32
    package var payload: WireReader

    /// Types below `NLMSG_MIN_TYPE`.
    static let noop: UInt16 = 1
    static let error: UInt16 = 2
    static let done: UInt16 = 3

    /// Reads the next message of a datagram, and moves `reader` behind it; `nil` at the end.
    static func next(from reader: inout WireReader) throws(WireError) -> NetlinkMessage? {
        guard reader.count >= 16 else { return nil }
        let start = reader.offset
        let length = Int(try reader.host(UInt32.self))
        let type: UInt16 = try reader.host()
        let flags = MessageFlags(rawValue: try reader.host())
        let sequence: UInt32 = try reader.host()
        let port: UInt32 = try reader.host()
        guard length >= 16, length - 16 <= reader.count else { throw .badLength(offset: start, length: length) }
        let payload = try reader.part(length - 16)
        reader.align4(from: start)
        return NetlinkMessage(type: type, flags: flags, sequence: sequence, port: port, payload: payload)
    }
}

/// What an `NLMSG_ERROR` or `NLMSG_DONE` message says.
struct Acknowledgement: Sendable {
    /// 0 for success, else the error number, positive.
    var code: Int32
    /// Of the message that is answered.
    var sequence: UInt32
    var text: String?
    /// Where in the answered message the offending attribute begins.
    var offset: Int?

    /// `struct nlmsgerr`, then, as `NETLINK_CAP_ACK` was asked for, no echo of the payload; then `NLMSGERR_ATTR_*`.
    init(error message: NetlinkMessage) throws(WireError) {
        var reader = message.payload
        code = 0 &- (try reader.host(Int32.self))
        try reader.skip(8)
        sequence = try reader.host()
        try reader.skip(4)
        guard message.flags.contains(.hasAttributes), message.flags.contains(.capped) else { return }
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: text = try attribute.text()
            case 2: offset = Int(try attribute.host(UInt32.self))
            default: break
            }
        }
    }

    /// A dump's end carries the error that stopped it, if any.
    init(done message: NetlinkMessage) throws(WireError) {
        var reader = message.payload
        code = reader.count >= 4 ? 0 &- (try reader.host(Int32.self)) : 0
        sequence = message.sequence
    }
}

/// A request that the socket will number and send.
struct NetlinkRequest: Sendable {
    /// For errors: what is attempted on which object, as in "create link veth1".
    var operation: String
    var type: UInt16
    var flags: MessageFlags
    /// The family's header and attributes.
    var body: [UInt8]

    init(
        _ operation: String, type: UInt16, flags: MessageFlags = [], _ write: (inout WireWriter) -> Void
    )
        throws(KernelError)
    {
        var writer = WireWriter()
        write(&writer)
        self.operation = operation
        self.type = type
        self.flags = flags
        do {
            body = try writer.finish()
        } catch {
            throw KernelError(operation, code: EMSGSIZE, detail: "\(error)")
        }
    }

    func write(to writer: inout WireWriter, flags more: MessageFlags, sequence: UInt32) {
        writer.host(UInt32(16 + body.count))
        writer.host(type)
        writer.host(flags.union(more).union(.request).rawValue)
        writer.host(sequence)
        writer.host(UInt32(0))
        writer.raw(body)
        writer.align4()
    }
}
