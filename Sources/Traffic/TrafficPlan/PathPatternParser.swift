/// The tree of an expression.
indirect enum PathPatternNode {
    case characters(PathPattern.CharacterSet)
    case assertion(PathPattern.Assertion)
    case sequence([PathPatternNode])
    case alternatives([PathPatternNode])
    case repeated(PathPatternNode, least: Int, most: Int?)
}

/// Reads RE2's Perl-like syntax. Error words follow RE2's own.
struct PathPatternParser {
    typealias CharacterSet = PathPattern.CharacterSet
    typealias Failure = PathPattern.Failure

    var scalars: [Unicode.Scalar]
    var index = 0
    var ignoresCase = false
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    func isNext(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        return scalars.count - index >= wanted.count && Array(scalars[index..<index + wanted.count]) == wanted
    }

    mutating func skip(_ text: String) -> Bool {
        guard isNext(text) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    mutating func parse() throws(Failure) -> PathPatternNode {
        let node = try alternatives()
        guard index == scalars.count else { throw Failure(description: "unexpected )") }
        return node
    }

    private mutating func alternatives() throws(Failure) -> PathPatternNode {
        var options = [try sequence()]
        while skip("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .alternatives(options)
    }

    private mutating func sequence() throws(Failure) -> PathPatternNode {
        var parts: [PathPatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if skip("\\Q") {
                quoted(into: &parts)
                // A repetition after it is for its last character.
                if let last = parts.popLast() { parts.append(try repeated(last)) }
                continue
            }
            guard let part = try atom() else { continue }
            parts.append(try repeated(part))
        }
        return .sequence(parts)
    }

    /// `\Q…\E`: everything between is itself.
    private mutating func quoted(into parts: inout [PathPatternNode]) {
        while let scalar = current, !skip("\\E") {
            parts.append(literal(scalar))
            index += 1
        }
    }

    func literal(_ scalar: Unicode.Scalar) -> PathPatternNode {
        .characters(folded(CharacterSet(ranges: [scalar.value...scalar.value])))
    }

    func folded(_ set: CharacterSet) -> CharacterSet { ignoresCase ? set.foldingCase : set }

    /// One element; `nil` for flags such as `(?i)`, which are none.
    private mutating func atom() throws(Failure) -> PathPatternNode? {
        guard let scalar = current else { return nil }
        switch scalar {
        case "(": return try group()
        case "[": return .characters(try bracket())
        case "\\": return try escape()
        case "*", "+", "?":
            throw Failure(description: "no argument for repetition operator: \(scalar)")
        case "{":
            if try counted() != nil { throw Failure(description: "no argument for repetition operator: {") }
            index += 1
            return literal(scalar)
        case "^":
            index += 1
            return .assertion(.start)
        case "$":
            index += 1
            return .assertion(.end)
        case ".":
            index += 1
            return .characters(.all)
        default:
            index += 1
            return literal(scalar)
        }
    }

    private mutating func repeated(_ part: PathPatternNode) throws(Failure) -> PathPatternNode {
        guard let bounds = try repetition() else { return part }
        // Whether a repetition is lazy makes no difference to whether the whole path matches.
        _ = skip("?")
        if try repetition() != nil { throw Failure(description: "bad repetition operator: two in a row") }
        return .repeated(part, least: bounds.least, most: bounds.most)
    }

    private mutating func repetition() throws(Failure) -> (least: Int, most: Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        return try counted()
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else is no repetition but text.
    private mutating func counted() throws(Failure) -> (least: Int, most: Int?)? {
        let start = index
        guard skip("{"), let least = number() else {
            index = start
            return nil
        }
        var most: Int? = least
        if skip(",") { most = number() }
        guard skip("}") else {
            index = start
            return nil
        }
        guard least <= 1000, (most ?? 0) <= 1000, least <= most ?? 1000 else {
            throw Failure(description: "invalid repetition size")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = current, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 100_000)
            index += 1
        }
        return value
    }

    private mutating func group() throws(Failure) -> PathPatternNode? {
        index += 1
        let outerCase = ignoresCase
        if skip("?") {
            if skip("P<") || skip("<") {
                try groupName()
            } else if try flags() {
                // `(?i)` holds to the end of the group around it.
                return nil
            }
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= PathPattern.maxDepth else { throw Failure(description: "nested too deeply") }
        let node = try alternatives()
        guard skip(")") else { throw Failure(description: "missing )") }
        ignoresCase = outerCase
        return node
    }

    private mutating func groupName() throws(Failure) {
        let start = index
        while let scalar = current, scalar.isASCII, CharacterSet.word.contains(UInt8(scalar.value)) { index += 1 }
        guard index > start, skip(">") else { throw Failure(description: "invalid named capture group") }
    }

    /// Reads flags up to `)` (true) or `:` (false). Only `i` makes a difference to a path.
    private mutating func flags() throws(Failure) -> Bool {
        var isNegated = false
        while let scalar = current {
            index += 1
            switch scalar {
            case "i": ignoresCase = !isNegated
            case "m", "s", "U": break
            case "-" where !isNegated: isNegated = true
            case ")": return true
            case ":": return false
            default: throw Failure(description: "invalid perl operator: (?\(scalar)")
            }
        }
        throw Failure(description: "missing )")
    }
}
