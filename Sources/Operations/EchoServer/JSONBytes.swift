import NIOCore

/// Writes JSON straight into a buffer, for the answer of every request: no tree, no intermediate strings.
struct JSONBytes {
    private(set) var buffer: ByteBuffer
    private var needsComma = false

    init(buffer: ByteBuffer) {
        self.buffer = buffer
        needsComma = buffer.readableBytes > 0
    }

    /// Brackets and whatever else is JSON already. After an opening bracket the next name needs no comma.
    mutating func raw(_ text: StaticString) {
        buffer.writeStaticString(text)
        let last = text.withUTF8Buffer { $0.last }
        needsComma = last != UInt8(ascii: "{") && last != UInt8(ascii: "[")
    }

    mutating func name(_ name: String) {
        if needsComma { buffer.writeStaticString(",") }
        string(name)
        buffer.writeStaticString(":")
    }

    mutating func member(_ name: String, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { buffer.writeStaticString("null") }
        needsComma = true
    }

    mutating func member(_ name: String, _ value: Int) {
        self.name(name)
        buffer.writeString(String(value))
        needsComma = true
    }

    mutating func string(_ text: String) {
        buffer.writeStaticString("\"")
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        if isPlain {
            buffer.writeString(text)
        } else {
            for byte in text.utf8 { escaped(byte) }
        }
        buffer.writeStaticString("\"")
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
        case 0..<0x20:
            let hex = String(byte, radix: 16)
            buffer.writeString("\\u00" + (hex.utf8.count == 1 ? "0" : "") + hex)
        default: buffer.writeInteger(byte)
        }
    }
}
