import WireCodec

/// Writes elements straight into a batch, and begins another message before one grows too long for its 16-bit length.
package struct ElementList: ~Copyable {
    private var batch: NftablesBatch
    private let type: UInt16
    private let flags: MessageFlags
    private let set: String
    private let table: TableName
    private var message: (start: Int, list: Int)?
    /// Elements written so far.
    package private(set) var count = 0

    /// An element takes some 500 bytes at most.
    private static let messageLimit = 60_000

    init(batch: consuming NftablesBatch, type: UInt16, flags: MessageFlags, set: String, table: TableName) {
        self.batch = batch
        self.type = type
        self.flags = flags
        self.set = set
        self.table = table
    }

    package mutating func append(_ element: SetElement) {
        open()
        batch.withWriter { element.write(to: &$0) }
        close()
    }

    /// The short form for the many.
    package mutating func append(_ key: RegisterBytes, _ data: ElementData? = nil) {
        open()
        batch.withWriter { writer in
            let start = writer.beginAttribute(ElementKey.item)
            writer.value(ElementKey.key, key)
            if let data { writer.data(ElementKey.data, data) }
            writer.endAttribute(from: start)
        }
        close()
    }

    private mutating func open() {
        guard message == nil else { return }
        let start = batch.beginMessage(type, flags, table.family, firstElement: count)
        var list = 0
        batch.withWriter { writer in
            writer.attribute(1, text: table.name)
            writer.attribute(2, text: set)
            list = writer.beginAttribute(ElementKey.list)
        }
        message = (start, list)
    }

    private mutating func close() {
        count += 1
        guard let open = message, batch.size - open.list > Self.messageLimit else { return }
        end(open)
    }

    private mutating func end(_ open: (start: Int, list: Int)) {
        batch.withWriter { $0.endAttribute(from: open.list) }
        batch.endMessage(from: open.start)
        message = nil
    }

    consuming func finish() -> NftablesBatch {
        if let message { end(message) }
        return batch
    }
}

/// `NFTA_SET_ELEM_LIST_ELEMENTS`, `NFTA_LIST_ELEM` (both with `NLA_F_NESTED`) and `NFTA_SET_ELEM_*`.
enum ElementKey {
    static let list: UInt16 = 0x8003
    static let item: UInt16 = 0x8001
    static let key: UInt16 = 1
    static let data: UInt16 = 2
    static let flags: UInt16 = 3
    static let timeout: UInt16 = 4
    static let expiration: UInt16 = 5
    static let comment: UInt16 = 6
    static let expression: UInt16 = 7
    static let keyEnd: UInt16 = 10
    static let expressions: UInt16 = 11
}

extension SetElement {
    func write(to writer: inout WireWriter) {
        writer.nested(1) { item in
            item.value(ElementKey.key, key)
            if let keyEnd { item.value(ElementKey.keyEnd, keyEnd) }
            if isIntervalEnd { item.attribute(ElementKey.flags, bigEndian: UInt32(1)) }
            if let data { item.data(ElementKey.data, data) }
            if let timeout { item.attribute(ElementKey.timeout, bigEndian: timeout) }
            if let comment { item.attribute(ElementKey.comment, comment: comment, kind: 0) }
        }
    }

    /// Reads one `NFTA_LIST_ELEM`.
    init(decoding item: Attribute) throws(WireError) {
        self.init(RegisterBytes())
        var attributes = item.attributes
        while let attribute = try attributes.next() {
            switch attribute.type {
            case ElementKey.key: key = try attribute.registers()
            case ElementKey.keyEnd: keyEnd = try attribute.registers()
            case ElementKey.data: data = try attribute.elementData()
            case ElementKey.flags: isIntervalEnd = try attribute.bigEndian(UInt32.self) & 1 != 0
            case ElementKey.timeout: timeout = try attribute.bigEndian()
            case ElementKey.expiration: expiration = try attribute.bigEndian()
            case ElementKey.comment: comment = try attribute.comment(kind: 0)
            case ElementKey.expression: counter = try attribute.counter() ?? counter
            case ElementKey.expressions:
                var list = attribute.attributes
                while let expression = try list.next() { counter = try expression.counter() ?? counter }
            default: break
            }
        }
    }
}

extension WireWriter {
    /// `{ NFTA_DATA_VALUE }`
    mutating func value(_ type: UInt16, _ registers: RegisterBytes) {
        let start = beginAttribute(type | 0x8000)
        let inner = beginAttribute(1)
        registers.withUnsafeBytes { raw($0) }
        endAttribute(from: inner)
        endAttribute(from: start)
    }

    mutating func data(_ type: UInt16, _ data: ElementData) {
        switch data {
        case .value(let registers): value(type, registers)
        case .verdict(let verdict): nested(type) { verdict.write(to: &$0) }
        }
    }

    /// User data that is a comment alone.
    mutating func attribute(_ type: UInt16, comment: String, kind: UInt8) {
        attribute(type) { $0.comment(comment, kind: kind) }
    }

    /// As libnftnl keeps it: a kind, a length, and the text with a zero behind. Cut at what a length byte can say.
    mutating func comment(_ comment: String, kind: UInt8) {
        var text = comment.utf8.prefix(240)
        // Not in the middle of a character.
        while String(validating: text, as: UTF8.self) == nil { text = text.dropLast() }
        uint8(kind)
        uint8(UInt8(text.count + 1))
        raw(text)
        uint8(0)
    }
}

extension Attribute {
    func registers() throws(WireError) -> RegisterBytes {
        var inner = attributes
        while let part = try inner.next() {
            guard part.type == 1 else { continue }
            guard let registers = RegisterBytes(bytes: part.raw()) else {
                throw .badLength(offset: part.value.offset, length: part.value.count)
            }
            return registers
        }
        throw .badWidth(offset: value.offset, expected: 4, found: 0)
    }

    func elementData() throws(WireError) -> ElementData? {
        var inner = attributes
        while let part = try inner.next() {
            if part.type == 1 { return .value(try registers()) }
            guard part.type == 2 else { continue }
            var code: Int32?
            var chain: String?
            var fields = part.attributes
            while let field = try fields.next() {
                if field.type == 1 { code = try field.bigEndian() }
                if field.type == 2 { chain = try field.text() }
            }
            return code.flatMap { Verdict(code: $0, chain: chain) }.map(ElementData.verdict)
        }
        return nil
    }

    /// The text of this kind in libnftnl's user data; `nil` where there is none.
    func comment(kind: UInt8) throws(WireError) -> String? {
        var reader = value
        while reader.count >= 2 {
            let found = try reader.uint8()
            let text = try reader.raw(Int(try reader.uint8()))
            if found == kind { return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return nil
    }

    /// Where this is a counter's expression: what it counted.
    func counter() throws(WireError) -> PacketCounter? {
        var name = ""
        var counter = PacketCounter(packets: 0, bytes: 0)
        var inner = attributes
        while let part = try inner.next() {
            if part.type == 1 { name = try part.text() }
            guard part.type == 2, name == "counter" else { continue }
            var fields = part.attributes
            while let field = try fields.next() {
                if field.type == 1 { counter.bytes = try field.bigEndian() }
                if field.type == 2 { counter.packets = try field.bigEndian() }
            }
        }
        return name == "counter" ? counter : nil
    }
}
