/// A cursor over a part of a message. Every read is checked; nothing traps on outside bytes.
package struct WireReader: Sendable {
    private let bytes: [UInt8]
    /// The next byte to be read, counted from the message's first.
    package private(set) var offset: Int
    private let end: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        offset = 0
        end = bytes.count
    }

    /// The first `count` bytes of a larger buffer.
    package init(_ bytes: [UInt8], count: Int) {
        self.bytes = bytes
        offset = 0
        end = min(max(count, 0), bytes.count)
    }

    private init(_ bytes: [UInt8], offset: Int, end: Int) {
        self.bytes = bytes
        self.offset = offset
        self.end = end
    }

    /// Bytes that are left.
    package var count: Int { end - offset }
    package var isAtEnd: Bool { offset >= end }

    package mutating func uint8() throws(WireError) -> UInt8 {
        try host(UInt8.self)
    }

    /// In the byte order of this machine.
    package mutating func host<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) throws(WireError) -> Value {
        let start = try advance(MemoryLayout<Value>.size)
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Value.self) }
    }

    /// In network order.
    package mutating func bigEndian<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(WireError) -> Value {
        Value(bigEndian: try host(Value.self))
    }

    package mutating func raw(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
        let start = try advance(count)
        return bytes[start..<start + count]
    }

    /// All that is left.
    package mutating func rest() -> ArraySlice<UInt8> {
        defer { offset = end }
        return bytes[offset..<end]
    }

    package mutating func skip(_ count: Int) throws(WireError) {
        _ = try advance(count)
    }

    /// Skips to the next multiple of 4 counted from `start`, or to the end where that comes first.
    package mutating func align4(from start: Int) {
        offset = min(offset + (-(offset - start) & 3), end)
    }

    /// A cursor over the next `count` bytes alone; this one moves behind them.
    package mutating func part(_ count: Int) throws(WireError) -> WireReader {
        let start = try advance(count)
        return WireReader(bytes, offset: start, end: start + count)
    }

    private mutating func advance(_ needed: Int) throws(WireError) -> Int {
        guard needed >= 0, needed <= end - offset else {
            throw .truncated(offset: offset, needed: needed, left: end - offset)
        }
        defer { offset += needed }
        return offset
    }
}
