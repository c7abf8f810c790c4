/// Splits the text of an expression into words (CEL specification, "Lexis").
struct Lexer {
    let scalars: [Unicode.Scalar]
    var index = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    /// All words, with `end` as the last.
    static func tokens(of text: String) throws(CompileError) -> [Token] {
        var lexer = Lexer(text)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        index + distance < scalars.count ? scalars[index + distance] : nil
    }

    private mutating func next() throws(CompileError) -> Token {
        skipSpace()
        let start = index
        guard let scalar = peek() else { return Token(kind: .end, offset: start) }
        if let kind = try stringLiteral() { return Token(kind: kind, offset: start) }
        if Self.isDigit(scalar) || (scalar == "." && peek(1).map(Self.isDigit) == true) {
            return Token(kind: try number(), offset: start)
        }
        if Self.isLetter(scalar) { return Token(kind: .identifier(word()), offset: start) }
        if scalar == "`" { return Token(kind: .quotedIdentifier(try quotedWord()), offset: start) }
        return Token(kind: .symbol(try symbol()), offset: start)
    }

    private mutating func skipSpace() {
        while let scalar = peek() {
            if [" ", "\t", "\n", "\r", "\u{c}"].contains(scalar) {
                index += 1
            } else if scalar == "/", peek(1) == "/" {
                while let scalar = peek(), scalar != "\n" { index += 1 }
            } else {
                return
            }
        }
    }

    private mutating func word() -> String {
        let start = index
        while let scalar = peek(), Self.isLetter(scalar) || Self.isDigit(scalar) { index += 1 }
        return text(start..<index)
    }

    private mutating func quotedWord() throws(CompileError) -> String {
        let start = index
        index += 1
        while let scalar = peek(), scalar != "`" {
            guard Self.isLetter(scalar) || Self.isDigit(scalar) || ["-", ".", "/", " "].contains(scalar) else {
                throw CompileError("a field in backticks may not hold \(scalar)", at: index)
            }
            index += 1
        }
        guard peek() == "`", index > start + 1 else { throw CompileError("unterminated field in backticks", at: start) }
        index += 1
        return text(start + 1..<index - 1)
    }

    private static let pairs: Set<String> = ["==", "!=", "<=", ">=", "&&", "||"]
    private static let singles: Set<Unicode.Scalar> = [
        "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "+", "-", "*", "/", "%", "!", "<", ">",
    ]

    private mutating func symbol() throws(CompileError) -> String {
        if index + 1 < scalars.count, Self.pairs.contains(text(index..<index + 2)) {
            index += 2
            return text(index - 2..<index)
        }
        guard Self.singles.contains(scalars[index]) else {
            throw CompileError("Syntax error: token recognition error at: '\(scalars[index])'", at: index)
        }
        index += 1
        return text(index - 1..<index)
    }

    func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}
