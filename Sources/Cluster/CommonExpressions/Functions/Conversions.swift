import NetTypes

extension Functions {
    static let conversions: Table = [
        "int": [.function(.dyn, gives: .int) { values in try int(values[0]) }],
        "uint": [.function(.dyn, gives: .uint) { values in try uint(values[0]) }],
        "double": [.function(.dyn, gives: .double) { values in try double(values[0]) }],
        "string": [.function(.dyn, gives: .string) { values in try string(values[0]) }],
        "bytes": [
            .function(.bytes, gives: .bytes) { values in values[0] },
            .function(.string, gives: .bytes) { values in .bytes(Array(values[0].text.utf8)) },
        ],
        "bool": [
            .function(.bool, gives: .bool) { values in values[0] },
            .function(.string, gives: .bool) { values in try bool(values[0].text) },
        ],
    ]

    private static func int(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .int: return value
        case .uint(let number): return .int(try exactly(Int64(exactly: number)))
        case .double(let number):
            // The bounds themselves are not exact in a double, so they are out.
            guard number > -0x1p63, number < 0x1p63 else { throw EvaluationError("integer overflow") }
            return .int(Int64(number))
        case .string(let text):
            guard let number = plain(text, Int64.init) else { throw conversion("int", text) }
            return .int(number)
        case .timestamp(let time): return .int(time.seconds)
        case .duration(let duration): return .int(duration.nanoseconds)
        default: throw .noOverload
        }
    }

    private static func uint(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .uint: return value
        case .int(let number): return .uint(try exactly(UInt64(exactly: number)))
        case .double(let number):
            guard number >= 0, number < 0x1p64 else { throw EvaluationError("unsigned integer overflow") }
            return .uint(UInt64(number))
        case .string(let text):
            guard let number = plain(text, UInt64.init) else { throw conversion("uint", text) }
            return .uint(number)
        default: throw .noOverload
        }
    }

    private static func exactly<T: FixedWidthInteger>(_ value: T?) throws(EvaluationError) -> T {
        guard let value else { throw EvaluationError(T.isSigned ? "integer overflow" : "unsigned integer overflow") }
        return value
    }

    /// Digits with at most a sign.
    private static func plain<T>(_ text: String, _ read: (String) -> T?) -> T? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2b } ? read(text) : nil
    }

    private static func conversion(_ type: String, _ text: String) -> EvaluationError {
        EvaluationError("type conversion error from 'string' to '\(type)': \(text.prefix(64))")
    }

    private static func double(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .double: return value
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            guard text.utf8.count <= 100, text.first?.isWhitespace == false, let number = Double(text) else {
                throw conversion("double", text)
            }
            return .double(number)
        default: throw .noOverload
        }
    }

    private static func bool(_ text: String) throws(EvaluationError) -> Value {
        switch text {
        case "1", "t", "T", "TRUE", "true", "True": return .bool(true)
        case "0", "f", "F", "FALSE", "false", "False": return .bool(false)
        default: throw conversion("bool", text)
        }
    }

    private static func string(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .string: return value
        case .int(let number): return .string(String(number))
        case .uint(let number): return .string(String(number))
        case .double(let number): return .string(NumberText.shortest(number))
        case .bool(let truth): return .string(String(truth))
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw EvaluationError("invalid UTF-8 in bytes, cannot convert to string")
            }
            return .string(text)
        case .duration(let duration): return .string(duration.description)
        case .timestamp(let time): return .string(time.description)
        case .ip(let address): return .string(address.description)
        case .cidr(let range): return .string(range.description)
        case .url(let url): return .string(url.description)
        default: throw .noOverload
        }
    }
}

/// Doubles as Go prints them.
enum NumberText {
    /// The fewest digits that give the same number again (`%g`).
    static func shortest(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
        guard value != 0 else { return value.sign == .minus ? "-0" : "0" }
        let sign = value < 0 ? "-" : ""
        let (digits, exponent) = decimal(value.magnitude)
        if exponent < -4 || exponent >= max(21, digits.count) {
            let mantissa = digits.count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
            let magnitude = String(exponent.magnitude)
            let padding = magnitude.count < 2 ? "0" : ""
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(padding)\(magnitude)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let zeros = String(repeating: "0", count: max(0, exponent + 1 - digits.count))
        let all = digits + zeros
        let whole = all.prefix(exponent + 1)
        let rest = all.dropFirst(exponent + 1)
        return sign + whole + (rest.isEmpty ? "" : "." + rest)
    }

    /// The digits, and the power of ten of the first.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        var digits = String(mantissa[0]) + (mantissa.count > 1 ? String(mantissa[1]) : "")
        var exponent = mantissa[0].count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }
}
