/// `google.protobuf.Duration`, as far as 64 bits of nanoseconds go (292 years), as in Go.
package struct DurationValue: Hashable, Sendable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static func < (a: DurationValue, b: DurationValue) -> Bool { a.nanoseconds < b.nanoseconds }

    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("ns", 1), ("us", 1000), ("\u{b5}s", 1000), ("\u{3bc}s", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// As Go reads them: `1h30m`, `-1.5s`, `0`; `nil` for anything else.
    package init?(_ text: String) {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        var total: Int128 = 0
        guard !rest.isEmpty, text.utf8.count <= 100 else { return nil }
        if rest == "0" {
            self.init(nanoseconds: 0)
            return
        }
        while !rest.isEmpty {
            guard let part = Self.part(&rest) else { return nil }
            total += part
            guard total <= Int128(Int64.max) + 1 else { return nil }
        }
        guard let nanoseconds = Int64(exactly: isNegative ? -total : total) else { return nil }
        self.init(nanoseconds: nanoseconds)
    }

    /// One number with its unit.
    private static func part(_ text: inout Substring) -> Int128? {
        func digits(_ text: inout Substring) -> Substring {
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            text = text[digits.endIndex...]
            return digits
        }
        let whole = digits(&text)
        var fraction: Substring = ""
        if text.hasPrefix(".") {
            text.removeFirst()
            fraction = digits(&text)
        }
        guard !whole.isEmpty || !fraction.isEmpty, whole.count <= 19 else { return nil }
        let name = text.prefix { !$0.isNumber && $0 != "." }
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        text = text[name.endIndex...]
        var value = (Int128(whole) ?? 0) * unit.nanoseconds
        var scale = unit.nanoseconds
        for digit in fraction {
            scale /= 10
            value += Int128(digit.wholeNumberValue ?? 0) * scale
        }
        return value
    }
}

extension DurationValue: CustomStringConvertible {
    /// In seconds, as the language converts it to a string: `5400s`, `1.5s`.
    package var description: String {
        let magnitude = nanoseconds.magnitude
        let (seconds, rest) = magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        return (nanoseconds < 0 ? "-" : "") + "\(seconds)" + TimestampValue.fraction(Int64(rest)) + "s"
    }
}
