import TrafficPlan

/// The bytes of the last accepted set, as they are kept over a restart. They hold private keys.
///
/// Layout, integers little endian: magic, format version (2 bytes), number of resources (4), the resources, and the
/// content hash of all of that. Texts and bytes stand behind their length (4).
package enum LastGoodFile {
    package enum Flaw: Error, Hashable, Sendable {
        case notOurs
        case unknownFormat(UInt16)
        case damaged
        case cutShort
        case tooLarge
    }

    private static let magic = Array("FAIRWAY-LAST-GOOD".utf8)
    private static let format: UInt16 = 1
    private static let hashLength = 32
    /// No bigger file is read or written.
    package static let largestSize = 1 << 30

    package static func encode(_ resources: [AcceptedResource]) -> [UInt8] {
        var writer = ByteWriter()
        writer.bytes = magic
        writer.integer(format)
        writer.integer(UInt32(resources.count))
        for resource in resources {
            writer.text(resource.name.type.rawValue)
            writer.text(resource.name.name)
            writer.form(resource.head)
            writer.integer(UInt32(resource.parts.count))
            for (key, part) in resource.parts.sorted(by: { $0.key < $1.key }) {
                writer.text(key)
                writer.form(part)
            }
        }
        return writer.bytes + Array(ContentHash(of: writer.bytes).description.utf8)
    }

    /// The set as a change to an empty one.
    package static func decode(_ bytes: [UInt8]) throws(Flaw) -> ResourceChange {
        guard bytes.count <= largestSize else { throw .tooLarge }
        guard bytes.starts(with: magic) else { throw .notOurs }
        guard bytes.count >= magic.count + 2 + hashLength else { throw .cutShort }
        let body = Array(bytes.dropLast(hashLength))
        var reader = ByteReader(bytes: body, offset: magic.count)
        let version: UInt16 = try reader.integer()
        guard version == format else { throw .unknownFormat(version) }
        guard Array(ContentHash(of: body).description.utf8).elementsEqual(bytes.suffix(hashLength)) else {
            throw .damaged
        }
        var change = ResourceChange()
        for _ in 0..<(try reader.count()) { try readResource(from: &reader, into: &change) }
        return change
    }

    private static func readResource(
        from reader: inout ByteReader, into change: inout ResourceChange
    ) throws(Flaw) {
        guard let type = ResourceType(rawValue: try reader.text()) else { throw .damaged }
        let name = ResourceName(type, try reader.text())
        let head = try reader.form()
        change.upserts.append(
            DiscoveryResource(name: name, head: head.bytes, references: head.references, origins: head.origins))
        for _ in 0..<(try reader.count()) {
            let key = try reader.text()
            change.parts[name, default: [:]][key] = try reader.form()
        }
    }
}

private struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
        for index in 0..<(Value.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Value(8 * index)))
        }
    }

    mutating func blob(_ value: [UInt8]) {
        integer(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ value: String) { blob(Array(value.utf8)) }

    mutating func form(_ form: PieceForm) {
        blob(form.bytes)
        integer(UInt32(form.references.count))
        for name in form.references.sorted() {
            text(name.type.rawValue)
            text(name.name)
        }
        integer(UInt32(form.origins.count))
        for origin in form.origins {
            text(origin.kind)
            text(origin.namespace)
            text(origin.name)
            text(origin.field)
        }
    }
}

private struct ByteReader {
    let bytes: [UInt8]
    var offset: Int

    mutating func integer<Value: FixedWidthInteger>() throws(LastGoodFile.Flaw) -> Value {
        let width = Value.bitWidth / 8
        guard bytes.count - offset >= width else { throw .cutShort }
        var value: Value = 0
        for index in 0..<width { value |= Value(bytes[offset + index]) << Value(8 * index) }
        offset += width
        return value
    }

    /// A number of things that take at least a byte each, so that no claim is believed that cannot be true.
    mutating func count() throws(LastGoodFile.Flaw) -> Int {
        let value: UInt32 = try integer()
        guard Int(value) <= bytes.count - offset else { throw .cutShort }
        return Int(value)
    }

    mutating func blob() throws(LastGoodFile.Flaw) -> [UInt8] {
        let length = try count()
        defer { offset += length }
        return Array(bytes[offset..<offset + length])
    }

    mutating func text() throws(LastGoodFile.Flaw) -> String {
        guard let text = String(validating: try blob(), as: UTF8.self) else { throw .damaged }
        return text
    }

    mutating func form() throws(LastGoodFile.Flaw) -> ResourcePart {
        var form = ResourcePart(bytes: try blob(), origins: [])
        for _ in 0..<(try count()) {
            guard let type = ResourceType(rawValue: try text()) else { throw .damaged }
            form.references.insert(ResourceName(type, try text()))
        }
        for _ in 0..<(try count()) {
            form.origins.append(
                Origin(kind: try text(), namespace: try text(), name: try text(), field: try text()))
        }
        return form
    }
}
