/// `metav1.MicroTime`: RFC 3339 in UTC with six decimals, as Leases and Events carry it.
package struct MicroTime: Hashable, Sendable, Comparable {
    package var microsecondsSinceEpoch: Int64

    package init(microsecondsSinceEpoch: Int64) { self.microsecondsSinceEpoch = microsecondsSinceEpoch }

    package static func < (a: MicroTime, b: MicroTime) -> Bool {
        a.microsecondsSinceEpoch < b.microsecondsSinceEpoch
    }
}

extension MicroTime: CustomStringConvertible {
    package init?(_ text: String) {
        guard let seconds = Civil.seconds(rfc3339: text) else { return nil }
        var micros: Int64 = 0
        if let dot = text.utf8.firstIndex(of: UInt8(ascii: ".")) {
            var scale: Int64 = 100_000
            for byte in text.utf8[text.utf8.index(after: dot)...] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { break }
                micros += Int64(byte - UInt8(ascii: "0")) * scale
                scale /= 10
            }
        }
        self.init(microsecondsSinceEpoch: seconds * 1_000_000 + micros)
    }

    package var description: String {
        var seconds = microsecondsSinceEpoch / 1_000_000
        var micros = microsecondsSinceEpoch % 1_000_000
        if micros < 0 {
            micros += 1_000_000
            seconds -= 1
        }
        let digits = String(micros)
        return Civil.rfc3339(seconds: seconds) + "." + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }
}

extension MicroTime: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = MicroTime(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is no RFC 3339 time")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
