/// `"%s has %d".format([…])`: the verbs s, d, f, e, b, x, X and o.
enum Format {
    static func apply(_ format: Value, _ arguments: [Value]) throws(EvaluationError) -> Value {
        let scalars = format.scalars
        var result = ""
        var index = 0
        var next = 0
        while index < scalars.count {
            guard scalars[index] == "%" else {
                result.unicodeScalars.append(scalars[index])
                index += 1
                continue
            }
            index += 1
            if index < scalars.count, scalars[index] == "%" {
                result += "%"
                index += 1
                continue
            }
            let precision = try precision(scalars, &index)
            guard index < scalars.count else {
                throw EvaluationError("could not parse formatting clause: unexpected end")
            }
            guard next < arguments.count else { throw EvaluationError("index \(next) out of range") }
            result += try text(arguments[next], verb: scalars[index], precision: precision)
            guard result.utf8.count <= Functions.maxResult else { throw EvaluationError("the text becomes too long") }
            next += 1
            index += 1
        }
        return .string(result)
    }

    /// `.3`
    private static func precision(_ scalars: [Unicode.Scalar], _ index: inout Int) throws(EvaluationError) -> Int? {
        guard index < scalars.count, scalars[index] == "." else { return nil }
        index += 1
        var value = 0
        while index < scalars.count, let digit = Int(String(scalars[index])) {
            value = value * 10 + digit
            index += 1
            guard value <= 100 else { throw EvaluationError("a precision above 100") }
        }
        return value
    }

    private static func text(_ value: Value, verb: Unicode.Scalar, precision: Int?) throws(EvaluationError) -> String {
        switch (verb, value) {
        case ("s", _): return try plain(value)
        case ("d", .double(let number)) where !number.isFinite: return NumberText.fixed(number, digits: 0)
        case ("d", .int), ("d", .uint), ("d", .double): return value.printed
        case ("f", _): return NumberText.fixed(try number(value, verb), digits: precision ?? 6)
        case ("e", _): return NumberText.scientific(try number(value, verb), digits: precision ?? 6)
        case ("b", .bool(let truth)): return truth ? "1" : "0"
        case ("b", .int(let number)): return String(number, radix: 2)
        case ("b", .uint(let number)): return String(number, radix: 2)
        case ("o", .int(let number)): return String(number, radix: 8)
        case ("o", .uint(let number)): return String(number, radix: 8)
        case ("x", .int(let number)), ("X", .int(let number)): return String(number, radix: 16, uppercase: verb == "X")
        case ("x", .uint(let number)), ("X", .uint(let number)):
            return String(number, radix: 16, uppercase: verb == "X")
        case ("x", .string(let text)), ("X", .string(let text)): return hexadecimal(Array(text.utf8), verb)
        case ("x", .bytes(let bytes)), ("X", .bytes(let bytes)): return hexadecimal(bytes, verb)
        case ("d", _), ("b", _), ("o", _), ("x", _), ("X", _):
            throw EvaluationError("error during formatting: %\(verb) does not take a \(value.typeName)")
        default: throw EvaluationError("could not parse formatting clause: unrecognized formatting clause \"\(verb)\"")
        }
    }

    private static func number(_ value: Value, _ verb: Unicode.Scalar) throws(EvaluationError) -> Double {
        switch value {
        case .double(let number): return number
        case .int(let number): return Double(number)
        case .uint(let number): return Double(number)
        default: throw EvaluationError("error during formatting: %\(verb) does not take a \(value.typeName)")
        }
    }

    private static func hexadecimal(_ bytes: [UInt8], _ verb: Unicode.Scalar) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: verb == "X") }.joined()
    }

    /// `%s`: any value, lists and maps with their contents.
    private static func plain(_ value: Value) throws(EvaluationError) -> String {
        switch value {
        case .string(let text): return text
        case .bytes(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .null: return "null"
        case .double(let number) where !number.isFinite: return NumberText.fixed(number, digits: 0)
        case .duration(let duration): return duration.description
        case .timestamp(let time): return time.description
        case .type(let name): return name
        case .list(let list):
            var parts: [String] = []
            for element in list.elements { parts.append(try plain(element)) }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let members):
            var parts: [String] = []
            for (key, member) in members { parts.append("\(try plain(key)): \(try plain(member))") }
            return "{" + parts.sorted().joined(separator: ", ") + "}"
        case .object, .optional, .ip, .cidr, .url, .quantity:
            throw EvaluationError("error during formatting: %s does not take a \(value.typeName)")
        default: return value.printed
        }
    }
}

extension NumberText {
    /// `%.2f`
    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity" }
        var number = ExactDecimal(value)
        number.round(toPlaces: digits)
        return number.text(places: digits)
    }

    /// `%.2e`
    static func scientific(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return fixed(value, digits: digits) }
        var number = ExactDecimal(value)
        var exponent = number.exponent
        number.round(toPlaces: digits - exponent)
        // Rounding 9.99 up gives a digit more.
        exponent = number.exponent
        let magnitude = String(exponent.magnitude)
        return number.text(shiftedBy: -exponent, places: digits) + "e" + (exponent < 0 ? "-" : "+")
            + (magnitude.count < 2 ? "0" : "") + magnitude
    }
}

/// The decimal digits of a double, all of them: every double is a finite decimal number.
struct ExactDecimal {
    private var isNegative: Bool
    private var digits: [UInt8]
    /// Where the point stands: before `digits[point]`.
    private var point: Int

    init(_ value: Double) {
        isNegative = value.sign == .minus
        digits = []
        var significand = value.isNormal ? value.significandBitPattern | 1 << 52 : value.significandBitPattern
        while significand > 0 {
            digits.insert(UInt8(significand % 10), at: 0)
            significand /= 10
        }
        point = digits.count
        let power = (value.isNormal ? Int(value.exponentBitPattern) - 1023 : -1022) - 52
        for _ in 0..<max(0, power) { double() }
        for _ in 0..<max(0, -power) { halve() }
        trim()
    }

    private mutating func double() {
        var carry: UInt8 = 0
        for index in digits.indices.reversed() {
            let value = digits[index] * 2 + carry
            digits[index] = value % 10
            carry = value / 10
        }
        if carry > 0 {
            digits.insert(carry, at: 0)
            point += 1
        }
    }

    private mutating func halve() {
        var carry: UInt8 = 0
        for index in digits.indices {
            let value = carry * 10 + digits[index]
            digits[index] = value / 2
            carry = value % 2
        }
        if carry > 0 { digits.append(5) }
    }

    private mutating func trim() {
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        point = digits.isEmpty ? 1 : point - zeros
    }

    /// The power of ten of the first digit.
    var exponent: Int { digits.isEmpty ? 0 : point - 1 }

    /// Half goes to the even digit.
    mutating func round(toPlaces places: Int) {
        let kept = point + places
        guard kept < digits.count else { return }
        guard kept >= 0 else {
            digits = []
            point = 1
            return
        }
        let isHalf = digits[kept] == 5 && digits[(kept + 1)...].allSatisfy { $0 == 0 }
        let goesUp = isHalf ? kept > 0 && digits[kept - 1] % 2 == 1 : digits[kept] >= 5
        digits.removeSubrange(kept...)
        if goesUp { increment() }
        trim()
    }

    private mutating func increment() {
        for index in digits.indices.reversed() {
            guard digits[index] == 9 else {
                digits[index] += 1
                return
            }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
        point += 1
    }

    func text(shiftedBy shift: Int = 0, places: Int) -> String {
        let point = point + shift
        func digit(_ index: Int) -> String { digits.indices.contains(index) ? String(digits[index]) : "0" }
        let whole = point <= 0 ? "0" : (0..<point).map(digit).joined()
        let rest = (0..<places).map { digit(point + $0) }.joined()
        return (isNegative ? "-" : "") + whole + (places > 0 ? "." + rest : "")
    }
}
