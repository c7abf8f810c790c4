/// Why bytes are no JSON document that we accept.
package enum JSONParseError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooDeep(limit: Int)
    case syntax(String, offset: Int)

    package var description: String {
        switch self {
        case .tooDeep(let limit): "JSON is nested deeper than \(limit) levels"
        case .syntax(let why, let offset): "invalid JSON at byte \(offset): \(why)"
        }
    }
}

extension JSONValue {
    /// Reads one JSON document (RFC 8259). The last of two equal keys wins, bytes that are no UTF-8 become U+FFFD, both
    /// as in the API server. The caller bounds the size; `maxDepth` bounds the nesting.
    package init(parsing bytes: some Collection<UInt8>, maxDepth: Int = 100) throws(JSONParseError) {
        let parse: (UnsafeBufferPointer<UInt8>) -> Result<JSONValue, JSONParseError> = { input in
            var reader = JSONReader(input: input, maxDepth: maxDepth)
            do throws(JSONParseError) {
                return .success(try reader.document())
            } catch {
                return .failure(error)
            }
        }
        let result =
            bytes.withContiguousStorageIfAvailable(parse) ?? Array(bytes).withUnsafeBufferPointer(parse)
        self = try result.get()
    }
}

/// A recursive-descent reader over one buffer. Every access goes through `peek` or a range checked against `count`.
private struct JSONReader {
    let input: UnsafeBufferPointer<UInt8>
    let maxDepth: Int
    var index = 0

    init(input: UnsafeBufferPointer<UInt8>, maxDepth: Int) {
        self.input = input
        self.maxDepth = maxDepth
    }

    mutating func document() throws(JSONParseError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard index == input.count else { throw .syntax("unexpected data after the document", offset: index) }
        return value
    }

    private var peek: UInt8? { index < input.count ? input[index] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
    }

    private mutating func value(depth: Int) throws(JSONParseError) -> JSONValue {
        guard depth <= maxDepth else { throw .tooDeep(limit: maxDepth) }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case nil: throw .syntax("unexpected end", offset: index)
        default: return try number()
        }
    }

    private mutating func object(depth: Int) throws(JSONParseError) -> JSONValue {
        index += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if peek == UInt8(ascii: "}") {
            index += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw .syntax("expected a member's name", offset: index) }
            let key = try string()
            skipSpace()
            guard peek == UInt8(ascii: ":") else { throw .syntax("expected ':'", offset: index) }
            index += 1
            members[key] = try value(depth: depth + 1)
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "}"):
                index += 1
                return .object(members)
            default: throw .syntax("expected ',' or '}'", offset: index)
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONParseError) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if peek == UInt8(ascii: "]") {
            index += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch peek {
            case UInt8(ascii: ","): index += 1
            case UInt8(ascii: "]"):
                index += 1
                return .array(elements)
            default: throw .syntax("expected ',' or ']'", offset: index)
            }
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONParseError) -> JSONValue {
        let end = index + text.utf8CodeUnitCount
        guard end <= input.count else { throw .syntax("unexpected end", offset: index) }
        for offset in 0..<text.utf8CodeUnitCount where input[index + offset] != text.utf8Start[offset] {
            throw .syntax("expected a value", offset: index)
        }
        index = end
        return value
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: input[range]), as: UTF8.self)
    }
}

// MARK: - Strings

extension JSONReader {
    private mutating func string() throws(JSONParseError) -> String {
        index += 1
        let start = index
        while let byte = peek {
            if byte == UInt8(ascii: "\"") {
                index += 1
                return text(start..<index - 1)
            }
            guard byte != UInt8(ascii: "\\") else { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw .syntax("control character in a string", offset: index) }
            index += 1
        }
        throw .syntax("unterminated string", offset: start)
    }

    private mutating func escapedString(from start: Int) throws(JSONParseError) -> String {
        var bytes = Array(input[start..<index])
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): try appendEscape(to: &bytes)
            case 0..<0x20: throw .syntax("control character in a string", offset: index - 1)
            default: bytes.append(byte)
            }
        }
        throw .syntax("unterminated string", offset: start)
    }

    private mutating func appendEscape(to bytes: inout [UInt8]) throws(JSONParseError) {
        guard let byte = peek else { throw .syntax("unterminated string", offset: index) }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(byte)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try unicodeEscape()
            bytes.append(contentsOf: Array(String(scalar).utf8))
        default: throw .syntax("unknown escape", offset: index - 1)
        }
    }

    /// The scalar after `\u`, joining surrogate pairs; half a pair becomes U+FFFD.
    private mutating func unicodeEscape() throws(JSONParseError) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xd800..<0xdc00).contains(first), index + 1 < input.count, input[index] == UInt8(ascii: "\\"),
            input[index + 1] == UInt8(ascii: "u")
        else { return "\u{fffd}" }
        let resume = index
        index += 2
        let second = try hexUnit()
        guard (0xdc00..<0xe000).contains(second) else {
            index = resume
            return "\u{fffd}"
        }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00)) ?? "\u{fffd}"
    }

    private mutating func hexUnit() throws(JSONParseError) -> UInt32 {
        guard index + 4 <= input.count else { throw .syntax("unterminated string", offset: index) }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            switch input[index] {
            case 0x30...0x39: unit = unit << 4 | UInt32(input[index] - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt32(input[index] - 0x41 + 10)
            case 0x61...0x66: unit = unit << 4 | UInt32(input[index] - 0x61 + 10)
            default: throw .syntax("\\u needs four hexadecimal digits", offset: index)
            }
            index += 1
        }
        return unit
    }
}

// MARK: - Numbers

extension JSONReader {
    private mutating func number() throws(JSONParseError) -> JSONValue {
        let start = index
        if peek == UInt8(ascii: "-") { index += 1 }
        guard let first = peek, (0x30...0x39).contains(first) else {
            throw .syntax("expected a value", offset: start)
        }
        skipDigits()
        guard first != 0x30 || index - start <= (input[start] == UInt8(ascii: "-") ? 2 : 1) else {
            throw .syntax("a number with a leading zero", offset: start)
        }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try requireDigits()
        }
        if let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            if let sign = peek, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
            try requireDigits()
        }
        let text = text(start..<index)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else {
            throw .syntax("a number out of range", offset: start)
        }
        return .double(double)
    }

    private mutating func skipDigits() {
        while let byte = peek, (0x30...0x39).contains(byte) { index += 1 }
    }

    private mutating func requireDigits() throws(JSONParseError) {
        let start = index
        skipDigits()
        guard index > start else { throw .syntax("expected a digit", offset: index) }
    }
}
