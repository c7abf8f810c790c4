import Crypto

/// A limit's share of its keys' hash, worked out once.
package enum KeyBeginning: Sendable {
    case sipHash(SipHash128)
    case sha256([UInt8])

    /// Each value goes in with its length, a missing one as itself: `("ab", nil)` is neither `("a", "b")` nor `("ab", "")`.
    package func key(allowance: String?, values: [String?]) -> CounterKey {
        switch self {
        case .sipHash(var hash):
            hash.append(part: allowance)
            for value in values { hash.append(part: value) }
            return hash.finish()
        case .sha256(var bytes):
            bytes.append(part: allowance)
            for value in values { bytes.append(part: value) }
            var words: (UInt64, UInt64) = (0, 0)
            for (index, byte) in SHA256.hash(data: bytes).prefix(16).enumerated() {
                if index < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
            }
            return CounterKey(high: words.0, low: words.1)
        }
    }
}

extension [UInt8] {
    mutating func append(part: String?) {
        guard let part else { return append(0) }
        append(1)
        Swift.withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { append(contentsOf: $0) }
        append(contentsOf: part.utf8)
    }
}

extension SipHash128 {
    mutating func append(part: String?) {
        guard var part else { return append(byte: 0) }
        append(byte: 1)
        append(word: UInt64(part.utf8.count))
        part.withUTF8 { append($0) }
    }
}
