extension Lexer {
    // MARK: - Numbers

    mutating func number() throws(CompileError) -> Token.Kind {
        let start = index
        if peek() == "0", peek(1) == "x" || peek(1) == "X" { return try hexadecimal() }
        digits()
        var isDouble = false
        if peek() == ".", peek(1).map(Self.isDigit) == true {
            isDouble = true
            index += 1
            digits()
        }
        if peek() == "e" || peek() == "E" {
            let signed = peek(1) == "+" || peek(1) == "-"
            guard peek(signed ? 2 : 1).map(Self.isDigit) == true else {
                throw CompileError("Syntax error: an exponent needs digits", at: start)
            }
            isDouble = true
            index += signed ? 2 : 1
            digits()
        }
        let text = text(start..<index)
        if isDouble {
            guard let value = Double(text), value.isFinite else {
                throw CompileError("invalid double literal", at: start)
            }
            return .double(value)
        }
        guard let value = UInt64(text) else { throw CompileError("invalid int literal", at: start) }
        return integer(value)
    }

    private mutating func hexadecimal() throws(CompileError) -> Token.Kind {
        let start = index
        index += 2
        while let scalar = peek(), scalar.properties.isASCIIHexDigit { index += 1 }
        guard let value = UInt64(text(start + 2..<index), radix: 16) else {
            throw CompileError("invalid int literal", at: start)
        }
        return integer(value)
    }

    private mutating func integer(_ value: UInt64) -> Token.Kind {
        guard peek() == "u" || peek() == "U" else { return .int(value) }
        index += 1
        return .uint(value)
    }

    private mutating func digits() {
        while let scalar = peek(), Self.isDigit(scalar) { index += 1 }
    }

    // MARK: - Strings and bytes

    /// A string or bytes literal with its prefix (`r`, `b`, `rb`, `br`); `nil` where none begins here.
    mutating func stringLiteral() throws(CompileError) -> Token.Kind? {
        var prefix = 0
        var isRaw = false
        var isBytes = false
        while prefix < 2, let scalar = peek(prefix), ["r", "R", "b", "B"].contains(scalar) {
            if scalar == "r" || scalar == "R" {
                guard !isRaw else { return nil }
                isRaw = true
            } else {
                guard !isBytes else { return nil }
                isBytes = true
            }
            prefix += 1
        }
        guard let quote = peek(prefix), quote == "\"" || quote == "'" else { return nil }
        let start = index
        index += prefix
        let isTriple = peek(1) == quote && peek(2) == quote
        index += isTriple ? 3 : 1
        var content = Content(isBytes: isBytes)
        while true {
            guard let scalar = peek() else { throw CompileError("Syntax error: unterminated string", at: start) }
            if scalar == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                index += isTriple ? 3 : 1
                return isBytes ? .bytes(content.bytes) : .string(String(content.scalars))
            }
            if scalar == "\n" || scalar == "\r", !isTriple {
                throw CompileError("Syntax error: a line ends within a string", at: index)
            }
            index += 1
            if scalar == "\\", !isRaw { try escape(into: &content) } else { content.append(scalar) }
        }
    }

    private struct Content {
        var isBytes: Bool
        var scalars = String.UnicodeScalarView()
        var bytes: [UInt8] = []

        mutating func append(_ scalar: Unicode.Scalar) {
            if isBytes { bytes.append(contentsOf: String(scalar).utf8) } else { scalars.append(scalar) }
        }
    }

    private static let plainEscapes: [Unicode.Scalar: Unicode.Scalar] = [
        "a": "\u{7}", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{b}", "\\": "\\",
        "?": "?", "\"": "\"", "'": "'", "`": "`",
    ]

    private mutating func escape(into content: inout Content) throws(CompileError) {
        let start = index - 1
        guard let scalar = peek() else { throw CompileError("Syntax error: unterminated string", at: start) }
        index += 1
        if let plain = Self.plainEscapes[scalar] { return content.append(plain) }
        switch scalar {
        case "x", "X": try append(code(digits: 2, radix: 16, from: start), isByte: true, to: &content, from: start)
        case "u" where !content.isBytes:
            try append(code(digits: 4, radix: 16, from: start), isByte: false, to: &content, from: start)
        case "U" where !content.isBytes:
            try append(code(digits: 8, radix: 16, from: start), isByte: false, to: &content, from: start)
        case "0"..."3":
            index -= 1
            try append(code(digits: 3, radix: 8, from: start), isByte: true, to: &content, from: start)
        default: throw CompileError("Syntax error: invalid escape \\\(scalar)", at: start)
        }
    }

    private mutating func code(digits: Int, radix: Int, from start: Int) throws(CompileError) -> UInt32 {
        guard index + digits <= scalars.count, let value = UInt32(text(index..<index + digits), radix: radix) else {
            throw CompileError("Syntax error: incomplete escape", at: start)
        }
        index += digits
        return value
    }

    private func append(
        _ value: UInt32, isByte: Bool, to content: inout Content, from start: Int
    ) throws(CompileError) {
        if content.isBytes, isByte {
            content.bytes.append(UInt8(truncatingIfNeeded: value))
        } else if let scalar = Unicode.Scalar(value) {
            content.append(scalar)
        } else {
            throw CompileError("Syntax error: the escape is no Unicode scalar", at: start)
        }
    }
}
