/// Where a cluster keeps a key: CRC-16 (XMODEM) of it, or of what stands between its first braces, over 16,384 slots
/// (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
package struct HashSlot: Hashable, Sendable, Comparable {
    package static let count = 16_384

    package var number: Int

    package init(number: Int) { self.number = number }

    package init(of key: String) {
        let bytes = Array(key.utf8)
        var tagged = bytes[...]
        if let open = bytes.firstIndex(of: UInt8(ascii: "{")),
            let close = bytes[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            tagged = bytes[(open + 1)..<close]
        }
        number = Int(Self.crc16(tagged)) % Self.count
    }

    package static func < (a: HashSlot, b: HashSlot) -> Bool { a.number < b.number }

    private static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
        var crc: UInt16 = 0
        for byte in bytes {
            crc ^= UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
        }
        return crc
    }
}
