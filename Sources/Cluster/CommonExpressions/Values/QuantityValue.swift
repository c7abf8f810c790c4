/// A Kubernetes quantity such as `1500m` or `2Gi`, exact in billionths. Smaller parts are rounded away from zero, as
/// Kubernetes does.
package struct QuantityValue: Hashable, Sendable, Comparable {
    /// Billionths.
    package var nanos: Int128

    private static let billion: Int128 = 1_000_000_000
    /// Kubernetes keeps whole values within 64 bits.
    private static let bound: Int128 = (Int128(Int64.max) + 1) * billion

    package init?(nanos: Int128) {
        guard nanos.magnitude <= Self.bound.magnitude else { return nil }
        self.nanos = nanos
    }

    package static func < (a: QuantityValue, b: QuantityValue) -> Bool { a.nanos < b.nanos }

    private static let binary: [String: Int] = ["Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6]
    private static let decimal: [String: Int] = [
        "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
    ]

    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest[whole.endIndex...]
        var fraction: Substring = ""
        if rest.hasPrefix(".") {
            fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            rest = rest[fraction.endIndex...]
        }
        guard !whole.isEmpty || !fraction.isEmpty, let scale = Self.scale(String(rest)) else { return nil }
        guard let nanos = Self.nanos(whole, fraction, scale) else { return nil }
        self.init(nanos: isNegative ? -nanos : nanos)
    }

    private static func scale(_ suffix: String) -> (base: Int128, exponent: Int)? {
        if let power = binary[suffix] { return (1024, power) }
        if let power = decimal[suffix] { return (10, power) }
        guard let first = suffix.first, first == "e" || first == "E", let exponent = Int(suffix.dropFirst()),
            exponent.magnitude <= 40
        else { return nil }
        return (10, exponent)
    }

    /// The absolute value in billionths, rounded up.
    private static func nanos(
        _ whole: Substring, _ fraction: Substring, _ scale: (base: Int128, exponent: Int)
    ) -> Int128? {
        let digits = String(whole + fraction).drop { $0 == "0" }
        guard digits.count <= 30, var value = digits.isEmpty ? 0 : Int128(digits) else { return nil }
        var divisor: Int128 = 1
        func grow(_ number: inout Int128, by factor: Int128, times: Int) -> Bool {
            for _ in 0..<times {
                let (product, overflow) = number.multipliedReportingOverflow(by: factor)
                guard !overflow else { return false }
                number = product
            }
            return true
        }
        if scale.base == 10 {
            let exponent = scale.exponent + 9 - fraction.count
            if exponent < -38 { return value == 0 ? 0 : 1 }
            guard exponent < 0 ? grow(&divisor, by: 10, times: -exponent) : grow(&value, by: 10, times: exponent)
            else { return value == 0 ? 0 : nil }
        } else {
            guard grow(&value, by: 1024, times: scale.exponent), grow(&value, by: 10, times: 9),
                grow(&divisor, by: 10, times: fraction.count)
            else { return nil }
        }
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder == 0 ? quotient : quotient + 1
    }

    /// The value where it is whole and fits.
    var integer: Int64? { nanos % Self.billion == 0 ? Int64(exactly: nanos / Self.billion) : nil }

    var approximate: Double { Double(nanos) / 1e9 }

    static func whole(_ value: Int64) -> QuantityValue? { QuantityValue(nanos: Int128(value) * billion) }
}
