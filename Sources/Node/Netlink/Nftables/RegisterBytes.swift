package import NetTypes

/// What fits a run of nftables registers: up to 64 bytes in whole 32-bit words. Set keys, map data and operands are made of it.
///
/// A key of several fields is their bytes one after another, each filled up with zeros to a multiple of 4:
///
///     RegisterBytes(address).with(protocol: 6).with(port: 80).with(number: 3)
package struct RegisterBytes: Sendable {
    private var words: InlineArray<16, UInt32>
    private var used: UInt8

    /// `NFT_DATA_VALUE_MAXLEN`
    package static let limit = 64

    package init() {
        words = InlineArray(repeating: 0)
        used = 0
    }

    package init(_ address: IPAddress) {
        self.init()
        append(address.bytes)
    }

    /// 32 bits in the byte order of this machine: marks, interface indexes, `numgen` results.
    package init(number: UInt32) {
        self.init()
        append(number: number)
    }

    /// `nil` for more than 64 bytes. Filled up with zeros to a multiple of 4.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.limit else { return nil }
        self.init()
        append(bytes)
    }

    /// Bytes: always a multiple of 4.
    package var count: Int { Int(used) * 4 }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The word at a field's place, in the byte order of this machine; `nil` behind the end.
    package func number(atByte offset: Int) -> UInt32? {
        offset >= 0 && offset % 4 == 0 && offset < count ? words[offset / 4] : nil
    }

    package mutating func append(_ address: IPAddress) {
        append(address.bytes)
    }

    package mutating func append(protocol: UInt8) {
        append(word: UInt32(`protocol`).littleEndian)
    }

    package mutating func append(port: UInt16) {
        append(word: UInt32(port.byteSwapped).littleEndian)
    }

    package mutating func append(number: UInt32) {
        append(word: number)
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        var word: UInt32 = 0
        var filled: UInt32 = 0
        for byte in bytes {
            word |= UInt32(byte) << (8 * filled)
            filled += 1
            if filled == 4 {
                append(word: word.littleEndian)
                (word, filled) = (0, 0)
            }
        }
        if filled > 0 { append(word: word.littleEndian) }
    }

    package func with(_ address: IPAddress) -> RegisterBytes { changed { $0.append(address) } }
    package func with(protocol value: UInt8) -> RegisterBytes { changed { $0.append(protocol: value) } }
    package func with(port: UInt16) -> RegisterBytes { changed { $0.append(port: port) } }
    package func with(number: UInt32) -> RegisterBytes { changed { $0.append(number: number) } }

    private func changed(_ change: (inout RegisterBytes) -> Void) -> RegisterBytes {
        var copy = self
        change(&copy)
        return copy
    }

    private mutating func append(word: UInt32) {
        precondition(used < 16, "nftables registers hold at most 64 bytes")
        words[Int(used)] = word
        used += 1
    }

    /// Calls `body` with the bytes in place.
    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        Swift.withUnsafeBytes(of: words) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
}

extension RegisterBytes: Hashable {
    package static func == (a: RegisterBytes, b: RegisterBytes) -> Bool {
        guard a.used == b.used else { return false }
        for index in 0..<Int(a.used) where a.words[index] != b.words[index] { return false }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension RegisterBytes: CustomStringConvertible {
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
