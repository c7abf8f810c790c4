/// Reads RE2's Perl-like syntax. Error words follow RE2's own.
struct PatternParser {
    typealias Failure = RegularExpression.Failure

    struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
        var isUngreedy = false
    }

    let scalars: [Unicode.Scalar]
    var index = 0
    var flags = Flags()
    private let maxDepth: Int
    private var depth = 0

    init(_ text: String, maxDepth: Int) {
        scalars = Array(text.unicodeScalars)
        self.maxDepth = maxDepth
    }

    var current: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    func isNext(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        return scalars.count - index >= wanted.count && scalars[index..<index + wanted.count].elementsEqual(wanted)
    }

    mutating func skip(_ text: String) -> Bool {
        guard isNext(text) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    mutating func parse() throws(Failure) -> PatternNode {
        let node = try alternatives()
        guard index == scalars.count else { throw Failure(description: "unexpected )") }
        return node
    }

    private mutating func alternatives() throws(Failure) -> PatternNode {
        var options = [try sequence()]
        while skip("|") { options.append(try sequence()) }
        return options.count == 1 ? options[0] : .alternatives(options)
    }

    private mutating func sequence() throws(Failure) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if skip("\\Q") {
                try quoted(into: &parts)
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
    private mutating func quoted(into parts: inout [PatternNode]) throws(Failure) {
        while let scalar = current, !skip("\\E") {
            parts.append(try literal(scalar))
            index += 1
        }
    }

    func literal(_ scalar: Unicode.Scalar) throws(Failure) -> PatternNode {
        .characters(try folded(ScalarSet(ranges: [scalar.value...scalar.value])))
    }

    func folded(_ set: ScalarSet) throws(Failure) -> ScalarSet {
        guard flags.ignoresCase else { return set }
        guard set.isASCII else {
            throw Failure(description: "(?i) with characters outside ASCII is not supported")
        }
        return set.foldingCase
    }

    /// One element; `nil` for flags such as `(?i)`, which are none.
    private mutating func atom() throws(Failure) -> PatternNode? {
        guard let scalar = current else { return nil }
        switch scalar {
        case "(": return try group()
        case "[": return .characters(try bracket())
        case "\\": return try escape()
        case "*", "+", "?":
            throw Failure(description: "no argument for repetition operator: \(scalar)")
        case "{":
            if try counted() != nil { throw Failure(description: "no argument for repetition operator: {") }
        case "^":
            index += 1
            return .assertion(flags.isMultiline ? .lineStart : .start)
        case "$":
            index += 1
            return .assertion(flags.isMultiline ? .lineEnd : .end)
        case ".":
            index += 1
            return .characters(flags.dotMatchesNewline ? .all : ScalarSet.newline.inverted)
        default: break
        }
        index += 1
        return try literal(scalar)
    }

    private mutating func repeated(_ part: PatternNode) throws(Failure) -> PatternNode {
        guard let bounds = try repetition() else { return part }
        let isLazy = skip("?") != flags.isUngreedy
        if try repetition() != nil { throw Failure(description: "bad repetition operator: two in a row") }
        return .repeated(part, least: bounds.least, most: bounds.most, isLazy: isLazy)
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

    private mutating func group() throws(Failure) -> PatternNode? {
        index += 1
        let outer = flags
        if skip("?") {
            if skip("P<") || skip("<") {
                try groupName()
            } else if try readFlags() {
                // `(?i)` holds to the end of the group around it.
                return nil
            }
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= maxDepth else { throw Failure(description: "nested too deeply") }
        let node = try alternatives()
        guard skip(")") else { throw Failure(description: "missing )") }
        flags = outer
        return node
    }

    private mutating func groupName() throws(Failure) {
        let start = index
        while let scalar = current, ScalarSet.word.contains(scalar) { index += 1 }
        guard index > start, skip(">") else { throw Failure(description: "invalid named capture group") }
    }

    /// Reads flags up to `)` (true) or `:` (false).
    private mutating func readFlags() throws(Failure) -> Bool {
        var isOn = true
        while let scalar = current {
            index += 1
            switch scalar {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotMatchesNewline = isOn
            case "U": flags.isUngreedy = isOn
            case "-" where isOn: isOn = false
            case ")": return true
            case ":": return false
            default: throw Failure(description: "invalid perl operator: (?\(scalar)")
            }
        }
        throw Failure(description: "missing )")
    }
}
