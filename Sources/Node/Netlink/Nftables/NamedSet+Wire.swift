import WireCodec

/// `NFTA_SET_*`
private enum SetKey {
    static let table: UInt16 = 1
    static let name: UInt16 = 2
    static let flags: UInt16 = 3
    static let keyType: UInt16 = 4
    static let keyLength: UInt16 = 5
    static let dataType: UInt16 = 6
    static let dataLength: UInt16 = 7
    static let description: UInt16 = 9
    static let id: UInt16 = 10
    static let timeout: UInt16 = 11
    static let userData: UInt16 = 13
    static let handle: UInt16 = 16
    static let expression: UInt16 = 17
}

extension NamedSet {
    /// Kind of a set's comment in libnftnl's user data.
    private static let commentKind: UInt8 = 7

    private var allFlags: SetFlags {
        var all = flags
        if data != nil { all.insert(.map) }
        if timeout != nil { all.insert(.timeout) }
        // Ranges of several fields need the kernel to know the fields.
        if key.count > 1, flags.contains(.interval) { all.insert(.concatenated) }
        return all
    }

    /// - Parameter id: tells the sets of one batch apart.
    func write(to writer: inout WireWriter, id: UInt32) {
        writer.attribute(SetKey.table, text: table.name)
        writer.attribute(SetKey.name, text: name)
        writer.attribute(SetKey.flags, bigEndian: allFlags.rawValue)
        writer.attribute(SetKey.keyType, bigEndian: key.typeNumber)
        writer.attribute(SetKey.keyLength, bigEndian: UInt32(clamping: key.totalLength))
        switch data {
        case .fields(let fields):
            writer.attribute(SetKey.dataType, bigEndian: fields.typeNumber)
            writer.attribute(SetKey.dataLength, bigEndian: UInt32(clamping: fields.totalLength))
        case .verdict:
            writer.attribute(SetKey.dataType, bigEndian: 0xffff_ff00 as UInt32)
            writer.attribute(SetKey.dataLength, bigEndian: UInt32(16))
        case nil: break
        }
        writeDescription(to: &writer)
        writer.attribute(SetKey.id, bigEndian: id)
        if let timeout { writer.attribute(SetKey.timeout, bigEndian: timeout) }
        writeUserData(to: &writer)
        if hasCounters {
            writer.nested(SetKey.expression) { expression in
                expression.attribute(1, text: "counter")
                expression.nested(2) { _ in }
            }
        }
    }

    /// For nft alone: in which byte order it shall print lone fields, and the comment (libnftnl's kind, length, value).
    private func writeUserData(to writer: inout WireWriter) {
        writer.attribute(SetKey.userData) { userData in
            if key.count == 1 { userData.byteOrder(kind: 0, of: key[0]) }
            if case .fields(let fields) = data, fields.count == 1 { userData.byteOrder(kind: 1, of: fields[0]) }
            if let comment { userData.comment(comment, kind: Self.commentKind) }
        }
    }

    private func writeDescription(to writer: inout WireWriter) {
        let isConcatenated = allFlags.contains(.concatenated)
        guard isConcatenated || size != nil else { return }
        writer.nested(SetKey.description) { description in
            if let size { description.attribute(1, bigEndian: size) }
            guard isConcatenated else { return }
            description.nested(2) { fields in
                for field in key {
                    fields.nested(1) { $0.attribute(1, bigEndian: UInt32(field.length)) }
                }
            }
        }
    }
}

/// A set as the kernel lists it.
package struct SetListing: Hashable, Sendable {
    package var table: TableName
    package var name: String
    package var flags: UInt32
    package var keyType: UInt32
    package var keyLength: UInt32
    package var dataType: UInt32?
    package var dataLength: UInt32?
    package var comment: String?
    package var handle: UInt64

    init?(decoding message: NetlinkMessage) throws(WireError) {
        guard var object = try NftablesObject(decoding: message, NftablesMessage.newSet) else { return nil }
        table = TableName(object.family, "")
        name = ""
        (flags, keyType, keyLength, handle) = (0, 0, 0, 0)
        while let attribute = try object.attributes.next() {
            switch attribute.type {
            case SetKey.table: table.name = try attribute.text()
            case SetKey.name: name = try attribute.text()
            case SetKey.flags: flags = try attribute.bigEndian()
            case SetKey.keyType: keyType = try attribute.bigEndian()
            case SetKey.keyLength: keyLength = try attribute.bigEndian()
            case SetKey.dataType: dataType = try attribute.bigEndian()
            case SetKey.dataLength: dataLength = try attribute.bigEndian()
            case SetKey.userData: comment = try attribute.comment(kind: 7)
            case SetKey.handle: handle = try attribute.bigEndian()
            default: break
            }
        }
    }

    /// Whether this is the set that was asked for, but for its elements.
    package func matches(_ set: NamedSet) -> Bool {
        let data: (UInt32, UInt32)? =
            switch set.data {
            case .fields(let fields): (fields.typeNumber, UInt32(clamping: fields.totalLength))
            case .verdict: (0xffff_ff00, dataLength ?? 0)
            case nil: nil
            }
        let wanted = set.wireFlags
        return table == set.table && name == set.name && keyType == set.key.typeNumber
            && keyLength == UInt32(clamping: set.key.totalLength) && dataType == data?.0
            && (dataLength ?? 0) == (data?.1 ?? 0) && flags & wanted == wanted
    }
}

extension NamedSet {
    var wireFlags: UInt32 { allFlags.rawValue }
}

extension WireWriter {
    /// 1 for the machine's order, 2 for network order.
    fileprivate mutating func byteOrder(kind: UInt8, of field: FieldType) {
        uint8(kind)
        uint8(4)
        host(UInt32(field.isHostOrder ? 1 : 2))
    }
}
