/// Netlink's type-length-value attributes (`struct nlattr`, linux/netlink.h): a 16-bit length that counts its own 4-byte header, a
/// 16-bit type, the value, and zeros up to a multiple of 4. Length and type are in the byte order of this machine.
package struct Attribute: Sendable {
    /// Without the two flag bits (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
    package let type: UInt16
    package let value: WireReader

    static let nestedFlag: UInt16 = 0x8000
    static let typeMask: UInt16 = 0x3fff

    package func host<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        try exactly(MemoryLayout<Value>.size)
        var value = value
        return try value.host()
    }

    package func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        try exactly(MemoryLayout<Value>.size)
        var value = value
        return try value.bigEndian()
    }

    package func raw() -> ArraySlice<UInt8> {
        var value = value
        return value.rest()
    }

    /// A text up to its first zero, if any.
    package func text() throws(WireError) -> String {
        let bytes = raw().prefix { $0 != 0 }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .badText(offset: value.offset) }
        return text
    }

    /// The attributes that this one holds.
    package var attributes: AttributeReader { AttributeReader(value) }

    private func exactly(_ width: Int) throws(WireError) {
        guard value.count == width else {
            throw .badWidth(offset: value.offset, expected: width, found: value.count)
        }
    }
}

/// Walks a run of attributes: `while let attribute = try reader.next()`.
package struct AttributeReader: Sendable {
    private var reader: WireReader

    package init(_ reader: WireReader) {
        self.reader = reader
    }

    package mutating func next() throws(WireError) -> Attribute? {
        // Fewer bytes than a header are padding, as the kernel's own walker takes them.
        guard reader.count >= 4 else { return nil }
        let start = reader.offset
        let length = Int(try reader.host(UInt16.self))
        let type = try reader.host(UInt16.self)
        guard length >= 4, length - 4 <= reader.count else { throw .badLength(offset: start, length: length) }
        let value = try reader.part(length - 4)
        reader.align4(from: start)
        return Attribute(type: type & Attribute.typeMask, value: value)
    }
}

extension WireWriter {
    /// An attribute whose value is what `body` writes.
    @inlinable
    package mutating func attribute(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        let start = beginAttribute(type)
        body(&self)
        endAttribute(from: start)
    }

    /// An attribute that holds attributes (`NLA_F_NESTED`).
    @inlinable
    package mutating func nested(_ type: UInt16, _ body: (inout WireWriter) -> Void) {
        let start = beginAttribute(type | 0x8000)
        body(&self)
        endAttribute(from: start)
    }

    @inlinable
    package mutating func attribute<Value: FixedWidthInteger>(_ type: UInt16, host value: Value) {
        attribute(type) { $0.host(value) }
    }

    @inlinable
    package mutating func attribute<Value: FixedWidthInteger>(_ type: UInt16, bigEndian value: Value) {
        attribute(type) { $0.bigEndian(value) }
    }

    package mutating func attribute(_ type: UInt16, raw value: some Collection<UInt8>) {
        attribute(type) { $0.raw(value) }
    }

    /// A text and the zero that ends it.
    package mutating func attribute(_ type: UInt16, text: String) {
        attribute(type) {
            $0.raw(text.utf8)
            $0.uint8(0)
        }
    }

    /// An attribute that says something by being there.
    package mutating func flag(_ type: UInt16) {
        attribute(type) { _ in }
    }

    /// Opens an attribute by hand, where a list must be closed and opened again; give the result to `endAttribute`.
    package mutating func beginAttribute(_ type: UInt16) -> Int {
        let start = count
        host(UInt16(0))
        host(type)
        return start
    }

    package mutating func endAttribute(from start: Int) {
        let length = count - start
        if let length = UInt16(exactly: length) {
            patch(length, at: start)
        } else {
            fail(.tooLong(length: length))
        }
        align4()
    }
}
