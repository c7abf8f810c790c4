/// What a counter is known by: 128 bits of a hash over the limit, the allowance in force and the key's values. Values may
/// be secrets, and of any length; the hash is neither.
package struct CounterKey: Hashable, Sendable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits.
    package var description: String { Self.hex(high) + Self.hex(low) }

    /// Reads what `description` writes.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy(\.isHexDigit), let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x46).contains(self) || (0x61...0x66).contains(self)
    }
}

/// How the values of a request become a key. Nobody who chooses values can make two of them meet.
package enum KeyHashing: Sendable {
    /// Counters of this process alone: fast, and nobody outside knows the key.
    case sipHash(UInt64, UInt64)
    /// Counters that several limiters share: SHA-256, cut to its first half.
    case sha256

    package static func random() -> KeyHashing {
        .sipHash(.random(in: 0 ... .max), .random(in: 0 ... .max))
    }

    /// What comes before the values.
    package func beginning(with prefix: String) -> KeyBeginning {
        switch self {
        case .sipHash(let first, let second):
            var hash = SipHash128(first, second)
            hash.append(part: prefix)
            return .sipHash(hash)
        case .sha256:
            var bytes: [UInt8] = []
            bytes.append(part: prefix)
            return .sha256(bytes)
        }
    }
}
