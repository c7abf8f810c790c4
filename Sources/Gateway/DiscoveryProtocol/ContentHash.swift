/// 128 bits that stand for the content of a resource; its xDS version.
///
/// MurmurHash3 x64 128 (Austin Appleby, public domain): the same in every process, so that a proxy that reconnects to
/// another controller is not sent what it has. It tells contents apart, it does not authenticate them.
package struct ContentHash: Hashable, Sendable {
    private var value: UInt128

    package init(of bytes: [UInt8], seed: ContentHash? = nil) {
        let seed = seed?.value ?? 0
        var lanes = MurmurLanes(
            first: UInt64(truncatingIfNeeded: seed >> 64), second: UInt64(truncatingIfNeeded: seed))
        bytes.withUnsafeBytes { lanes.absorb($0) }
        value = UInt128(lanes.first) << 64 | UInt128(lanes.second)
    }

    /// The hash of a piece under its key: equal bytes under another key differ.
    package init(of bytes: [UInt8], key: String) {
        self.init(of: bytes, seed: ContentHash(of: Array(key.utf8)))
    }

    /// Sums are independent of order, and one addend is exchanged in constant time.
    package static func + (left: ContentHash, right: ContentHash) -> ContentHash {
        ContentHash(value: left.value &+ right.value)
    }

    package static func - (left: ContentHash, right: ContentHash) -> ContentHash {
        ContentHash(value: left.value &- right.value)
    }

    private init(value: UInt128) {
        self.value = value
    }
}

extension ContentHash: CustomStringConvertible {
    /// 32 hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}

private struct MurmurLanes {
    var first: UInt64
    var second: UInt64

    private static let firstFactor: UInt64 = 0x87c3_7b91_1142_53d5
    private static let secondFactor: UInt64 = 0x4cf5_ad43_2745_937f

    mutating func absorb(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 16 <= bytes.count {
            mixFirst(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            first = (rotate(first, 27) &+ second) &* 5 &+ 0x52dc_e729
            mixSecond(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
            second = (rotate(second, 31) &+ first) &* 5 &+ 0x3849_5ab5
            offset += 16
        }
        absorbTail(bytes, from: offset)
        finish(length: UInt64(bytes.count))
    }

    private mutating func absorbTail(_ bytes: UnsafeRawBufferPointer, from offset: Int) {
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in offset..<bytes.count {
            let place = index - offset
            if place < 8 {
                low |= UInt64(bytes[index]) << (8 * UInt64(place))
            } else {
                high |= UInt64(bytes[index]) << (8 * UInt64(place - 8))
            }
        }
        if high != 0 { mixSecond(high) }
        if low != 0 { mixFirst(low) }
    }

    private mutating func mixFirst(_ word: UInt64) {
        first ^= rotate(word &* Self.firstFactor, 31) &* Self.secondFactor
    }

    private mutating func mixSecond(_ word: UInt64) {
        second ^= rotate(word &* Self.secondFactor, 33) &* Self.firstFactor
    }

    private mutating func finish(length: UInt64) {
        first ^= length
        second ^= length
        first &+= second
        second &+= first
        first = scrambled(first)
        second = scrambled(second)
        first &+= second
        second &+= first
    }

    private func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word << bits | word >> (64 - bits)
    }

    private func scrambled(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 33
        word &*= 0xff51_afd7_ed55_8ccd
        word ^= word >> 33
        word &*= 0xc4ce_b9fe_1a85_ec53
        word ^= word >> 33
        return word
    }
}
