/// Appends integers and bytes to a growing message.
///
/// Writing never throws in the middle: the first fault is kept, and `finish()` reports it.
package struct WireWriter: Sendable {
    package private(set) var bytes: [UInt8]
    /// The first thing that could not be written.
    package private(set) var fault: WireError?

    package init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package var count: Int { bytes.count }

    /// The message, or the first fault.
    package consuming func finish() throws(WireError) -> [UInt8] {
        if let fault { throw fault }
        return bytes
    }

    /// Forgets the content and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        fault = nil
    }

    package mutating func fail(_ error: WireError) {
        if fault == nil { fault = error }
    }

    @inlinable
    package mutating func uint8(_ value: UInt8) {
        append(value)
    }

    /// In the byte order of this machine.
    @inlinable
    package mutating func host<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value) { append(contentsOf: $0) }
    }

    /// In network order.
    @inlinable
    package mutating func bigEndian<Value: FixedWidthInteger>(_ value: Value) {
        withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    package mutating func raw(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
    }

    package mutating func raw(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    package mutating func zeros(_ count: Int) {
        for _ in 0..<count { bytes.append(0) }
    }

    /// Zeros up to the next multiple of 4.
    package mutating func align4() {
        zeros(-bytes.count & 3)
    }

    /// Replaces what was written at `offset`, in the byte order of this machine.
    package mutating func patch<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= bytes.count, "patch outside the message")
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: Value.self) }
    }

    /// Drops what was written after `count` bytes.
    package mutating func truncate(to count: Int) {
        precondition(count <= bytes.count, "truncate cannot lengthen a message")
        bytes.removeLast(bytes.count - count)
    }

    @usableFromInline
    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    @usableFromInline
    mutating func append(contentsOf more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }
}
