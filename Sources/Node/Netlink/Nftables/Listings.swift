package import WireCodec

/// An nf_tables message's family and attributes.
struct NftablesObject {
    var family: TableFamily
    var attributes: AttributeReader

    /// `nil` where the message is of another type, or of a family that we do not know.
    init?(decoding message: NetlinkMessage, _ type: UInt16) throws(WireError) {
        guard message.type == NftablesMessage.subsystem | type else { return nil }
        var reader = message.payload
        guard let family = TableFamily(rawValue: try reader.uint8()) else { return nil }
        try reader.skip(3)
        self.family = family
        attributes = AttributeReader(reader)
    }
}

/// A table as the kernel lists it.
package struct TableListing: Hashable, Sendable {
    package var table: TableName
    package var flags: TableFlags
    /// The port of the socket that owns it, where one does.
    package var owner: UInt32?
    package var comment: String?
    package var handle: UInt64

    init?(decoding message: NetlinkMessage) throws(WireError) {
        guard var object = try NftablesObject(decoding: message, NftablesMessage.newTable) else { return nil }
        table = TableName(object.family, "")
        flags = []
        handle = 0
        while let attribute = try object.attributes.next() {
            switch attribute.type {
            case 1: table.name = try attribute.text()
            case 2: flags = TableFlags(rawValue: try attribute.bigEndian())
            case 4: handle = try attribute.bigEndian()
            case 6: comment = try attribute.comment(kind: 0)
            case 7: owner = try attribute.bigEndian()
            default: break
            }
        }
    }
}

/// A chain as the kernel lists it.
package struct ChainListing: Hashable, Sendable {
    package var chain: Chain
    package var handle: UInt64

    init?(decoding message: NetlinkMessage) throws(WireError) {
        guard var object = try NftablesObject(decoding: message, NftablesMessage.newChain) else { return nil }
        chain = Chain(TableName(object.family, ""), "")
        handle = 0
        var point: UInt32?
        var priority: Int32 = 0
        var policy: UInt32 = 1
        var kind: String?
        while let attribute = try object.attributes.next() {
            switch attribute.type {
            case 1: chain.table.name = try attribute.text()
            case 2: handle = try attribute.bigEndian()
            case 3: chain.name = try attribute.text()
            case 4:
                var hook = attribute.attributes
                while let field = try hook.next() {
                    if field.type == 1 { point = try field.bigEndian() }
                    if field.type == 2 { priority = try field.bigEndian() }
                }
            case 5: policy = try attribute.bigEndian()
            case 7: kind = try attribute.text()
            default: break
            }
        }
        guard let point = point.flatMap(Chain.Point.init(rawValue:)),
            let kind = kind.flatMap(Chain.Kind.init(rawValue:))
        else { return }
        chain.hook = Chain.Hook(kind, point, priority: priority, isDropping: policy == 0)
    }
}

/// A rule as the kernel lists it.
package struct RuleListing: Hashable, Sendable {
    package var table: TableName
    package var chain: String
    package var handle: UInt64
    package var comment: String?
    /// Names of its expressions in the kernel's words, in order.
    package var expressions: [String]

    init?(decoding message: NetlinkMessage) throws(WireError) {
        guard var object = try NftablesObject(decoding: message, NftablesMessage.newRule) else { return nil }
        table = TableName(object.family, "")
        chain = ""
        handle = 0
        expressions = []
        while let attribute = try object.attributes.next() {
            switch attribute.type {
            case 1: table.name = try attribute.text()
            case 2: chain = try attribute.text()
            case 3: handle = try attribute.bigEndian()
            case 4:
                var list = attribute.attributes
                while let item = try list.next() {
                    var fields = item.attributes
                    while let field = try fields.next() {
                        if field.type == 1 { expressions.append(try field.text()) }
                    }
                }
            case 7: comment = try attribute.comment(kind: 0)
            default: break
            }
        }
    }
}

/// The ruleset's version: every batch that changes something raises it by one (`NFT_MSG_NEWGEN`).
package struct Generation: Hashable, Sendable {
    package var number: UInt32
    /// Who asked for it, or in a notice who made it: the thread's number, which for a program of one thread is the process's.
    package var processID: UInt32
    /// The thread's name, which is the program's unless it says otherwise.
    package var processName: String

    package init(number: UInt32, processID: UInt32, processName: String) {
        self.number = number
        self.processID = processID
        self.processName = processName
    }

    package init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == NftablesMessage.subsystem | NftablesMessage.newGeneration else { return nil }
        var reader = message.payload
        try reader.skip(4)
        (number, processID, processName) = (0, 0, "")
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case 1: number = try attribute.bigEndian()
            case 2: processID = try attribute.bigEndian()
            case 3: processName = try attribute.text()
            default: break
            }
        }
    }
}
