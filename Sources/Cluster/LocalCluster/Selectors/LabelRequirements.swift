/// A label selector as URLs carry it: `app=web,tier in (a,b),!old`.
struct LabelRequirements: Hashable, Sendable {
    enum Requirement: Hashable, Sendable {
        case isOneOf(String, Set<String>)
        case isNoneOf(String, Set<String>)
        case exists(String)
        case isAbsent(String)
        case isGreater(String, than: Int64)
        case isLess(String, than: Int64)
    }

    var requirements: [Requirement] = []

    var isEmpty: Bool { requirements.isEmpty }

    func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isOneOf(let key, let values): labels[key].map(values.contains) ?? false
            // As in apimachinery, an object without the label passes.
            case .isNoneOf(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .isAbsent(let key): labels[key] == nil
            case .isGreater(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .isLess(let key, let bound): labels[key].flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }
}

extension LabelRequirements {
    init(parsing text: String) throws(APIFailure) {
        guard text.utf8.count <= 16_384 else { throw .badRequest("the label selector is longer than 16 KiB") }
        for clause in Self.clauses(of: text) {
            let clause = clause.trimmed
            if clause.isEmpty { continue }
            guard let requirement = Self.requirement(clause) else {
                throw .badRequest(
                    "unable to parse requirement: \"\(clause)\" in the label selector \"\(text)\" is not of the form "
                        + "key, !key, key=value, key!=value, key in (a,b) or key notin (a,b)")
            }
            requirements.append(requirement)
        }
    }

    /// Splits at the commas outside parentheses.
    private static func clauses(of text: String) -> [Substring] {
        var clauses: [Substring] = []
        var depth = 0
        var start = text.startIndex
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth <= 0:
                clauses.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        clauses.append(text[start...])
        return clauses
    }

    private static func requirement(_ clause: Substring) -> Requirement? {
        if clause.hasSuffix(")"), let open = clause.firstIndex(of: "(") {
            let words = clause[..<open].split(separator: " ")
            guard words.count == 2, isKey(words[0]) else { return nil }
            let values = clause[clause.index(after: open)...].dropLast().split(
                separator: ",", omittingEmptySubsequences: false
            ).map { String($0.trimmed) }
            guard values.allSatisfy({ isValue($0[...]) }) else { return nil }
            switch words[1] {
            case "in": return .isOneOf(String(words[0]), Set(values))
            case "notin": return .isNoneOf(String(words[0]), Set(values))
            default: return nil
            }
        }
        for (operation, make) in comparisons {
            guard let range = clause.firstRange(of: operation) else { continue }
            let key = clause[..<range.lowerBound].trimmed
            let value = clause[range.upperBound...].trimmed
            guard isKey(key), isValue(value) else { return nil }
            return make(String(key), String(value))
        }
        if clause.hasPrefix("!") {
            let key = clause.dropFirst().trimmed
            return isKey(key) ? .isAbsent(String(key)) : nil
        }
        return isKey(clause) ? .exists(String(clause)) : nil
    }

    private static let comparisons: [(String, @Sendable (String, String) -> Requirement?)] = [
        ("!=", { .isNoneOf($0, [$1]) }),
        ("==", { .isOneOf($0, [$1]) }),
        ("=", { .isOneOf($0, [$1]) }),
        (">", { key, value in Int64(value).map { .isGreater(key, than: $0) } }),
        ("<", { key, value in Int64(value).map { .isLess(key, than: $0) } }),
    ]

    /// Key and value are checked by alphabet and length only: what no label can be matches nothing.
    private static func isKey(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 317 && text.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "/") }
    }

    private static func isValue(_ text: Substring) -> Bool {
        text.utf8.count <= 63 && text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }
}

extension Substring {
    /// Without spaces at both ends.
    fileprivate var trimmed: Substring {
        var text = self
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}
