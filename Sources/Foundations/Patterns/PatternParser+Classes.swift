extension PatternParser {
    /// An escape outside brackets.
    mutating func escape() throws(Failure) -> PatternNode {
        if skip("\\A") { return .assertion(.start) }
        if skip("\\z") { return .assertion(.end) }
        if skip("\\b") { return .assertion(.wordBoundary) }
        if skip("\\B") { return .assertion(.noWordBoundary) }
        if let set = try perlClass() { return .characters(set) }
        return try literal(try escapedCharacter())
    }

    /// `\d` and its kind. Letters are folded before a class is turned round, as RE2 does it.
    private mutating func perlClass() throws(Failure) -> ScalarSet? {
        if skip("\\d") { return .digit }
        if skip("\\D") { return ScalarSet.digit.inverted }
        if skip("\\w") { return try folded(.word) }
        if skip("\\W") { return try folded(.word).inverted }
        if skip("\\s") { return .space }
        if skip("\\S") { return ScalarSet.space.inverted }
        return nil
    }

    private mutating func escapedCharacter() throws(Failure) -> Unicode.Scalar {
        index += 1
        guard let scalar = current else { throw Failure(description: "trailing \\") }
        index += 1
        switch scalar {
        case "a": return "\u{7}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{b}"
        case "x": return try hexadecimal()
        case "p", "P", "C", "0": throw Failure(description: "\\\(scalar) is not supported")
        default:
            // RE2 lets every ASCII punctuation mark be escaped.
            guard scalar.value > 0x20, scalar.value < 0x7f, scalar == "_" || !ScalarSet.word.contains(scalar) else {
                throw Failure(description: "invalid escape sequence: \\\(scalar)")
            }
            return scalar
        }
    }

    /// `\x41` or `\x{41}`, after the `x`.
    private mutating func hexadecimal() throws(Failure) -> Unicode.Scalar {
        let isBraced = skip("{")
        var value: UInt32 = 0
        var digits = 0
        while let scalar = current, digits < (isBraced ? 6 : 2), let digit = UInt32(String(scalar), radix: 16) {
            value = value << 4 | digit
            digits += 1
            index += 1
        }
        guard digits == 2 || (isBraced && digits > 0), !isBraced || skip("}"), let scalar = Unicode.Scalar(value) else {
            throw Failure(description: "invalid escape sequence: \\x")
        }
        return scalar
    }

    /// `[…]`.
    mutating func bracket() throws(Failure) -> ScalarSet {
        index += 1
        let isNegated = skip("^")
        var set = ScalarSet()
        var isFirst = true
        while true {
            guard let scalar = current else { throw Failure(description: "missing ]") }
            if scalar == "]", !isFirst { break }
            isFirst = false
            if isNext("[:"), let named = try namedClass() {
                set.formUnion(named)
            } else if let perl = try perlClass() {
                set.formUnion(perl)
            } else {
                set.formUnion(try folded(ScalarSet(ranges: [try range()])))
            }
        }
        index += 1
        return isNegated ? set.inverted : set
    }

    private mutating func range() throws(Failure) -> ClosedRange<UInt32> {
        let low = try bracketCharacter()
        guard current == "-", index + 1 < scalars.count, scalars[index + 1] != "]" else {
            return low.value...low.value
        }
        index += 1
        let high = try bracketCharacter()
        guard low <= high else { throw Failure(description: "invalid character class range: \(low)-\(high)") }
        return low.value...high.value
    }

    private mutating func bracketCharacter() throws(Failure) -> Unicode.Scalar {
        guard let scalar = current else { throw Failure(description: "missing ]") }
        guard scalar != "\\" else { return try escapedCharacter() }
        index += 1
        return scalar
    }

    /// `[:alpha:]`; `nil` where it is no such thing but single characters.
    private mutating func namedClass() throws(Failure) -> ScalarSet? {
        guard
            let end = (index + 2..<max(index + 2, scalars.count - 1)).first(where: {
                scalars[$0] == ":" && scalars[$0 + 1] == "]"
            })
        else { return nil }
        var name = String(String.UnicodeScalarView(scalars[index + 2..<end]))
        let isNegated = name.hasPrefix("^")
        if isNegated { name.removeFirst() }
        guard let ranges = Self.posixClasses[name] else {
            throw Failure(description: "invalid character class range: [:\(name):]")
        }
        index = end + 2
        let set = try folded(ScalarSet(ranges: ranges))
        return isNegated ? set.inverted : set
    }

    private static let posixClasses: [String: [ClosedRange<UInt32>]] = [
        "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "alpha": [0x41...0x5a, 0x61...0x7a], "ascii": [0...0x7f],
        "blank": [0x09...0x09, 0x20...0x20], "cntrl": [0...0x1f, 0x7f...0x7f], "digit": [0x30...0x39],
        "graph": [0x21...0x7e], "lower": [0x61...0x7a], "print": [0x20...0x7e],
        "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e], "space": [0x09...0x0d, 0x20...0x20],
        "upper": [0x41...0x5a], "word": [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a],
        "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
    ]
}
