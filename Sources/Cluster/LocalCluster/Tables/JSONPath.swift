import KubernetesModel

/// The part of JSONPath that printer columns use: `.a.b`, `['a.b']`, `.a\.b`, `[0]`, `[*]`, and
/// `[?(@.type=="Ready")]`.
struct JSONPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case member(String)
        case index(Int)
        case all
        case filter([String], equals: JSONValue)
    }

    private(set) var steps: [Step] = []

    /// `nil` for anything beyond that part.
    init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        while let first = rest.first {
            rest = rest.dropFirst()
            switch first {
            case ".":
                if rest.isEmpty, steps.isEmpty { return }
                if rest.hasPrefix("[") { continue }
                guard let name = Self.name(&rest) else { return nil }
                steps.append(name == "*" ? .all : .member(name))
            case "[":
                guard let end = Self.end(of: rest), let step = Self.step(rest[..<end]) else { return nil }
                steps.append(step)
                rest = rest[end...].dropFirst()
            default:
                return nil
            }
        }
    }

    /// A name up to the next dot or bracket; a backslash takes the next character as it is.
    private static func name(_ rest: inout Substring) -> String? {
        var name = ""
        while let character = rest.first, character != ".", character != "[" {
            rest = rest.dropFirst()
            if character == "\\" {
                guard let next = rest.popFirst() else { return nil }
                name.append(next)
            } else {
                name.append(character)
            }
        }
        return name.isEmpty ? nil : name
    }

    /// The bracket that closes what begins at `rest`, outside of quotes.
    private static func end(of rest: Substring) -> Substring.Index? {
        var quote: Character?
        for index in rest.indices {
            let character = rest[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "]" {
                return index
            }
        }
        return nil
    }

    private static func step(_ text: Substring) -> Step? {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if let name = unquoted(text) { return .member(name) }
        guard text.hasPrefix("?("), text.hasSuffix(")"),
            let equals = text.firstRange(of: "==")
        else { return nil }
        let left = trimmed(text[..<equals.lowerBound].dropFirst(2))
        let right = trimmed(text[equals.upperBound...].dropLast())
        guard left.hasPrefix("@"), let path = JSONPath(String(left.dropFirst())) else { return nil }
        let names = path.steps.compactMap { step in if case .member(let name) = step { name } else { nil } }
        guard names.count == path.steps.count else { return nil }
        if let text = unquoted(right) { return .filter(names, equals: .string(text)) }
        if let number = Int64(right) { return .filter(names, equals: .integer(number)) }
        if right == "true" || right == "false" { return .filter(names, equals: .bool(right == "true")) }
        return nil
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        return text
    }

    /// All values that the path leads to.
    func values(in document: JSONValue) -> [JSONValue] {
        steps.reduce([document]) { values, step in values.flatMap { Self.apply(step, to: $0) } }
    }

    private static func apply(_ step: Step, to value: JSONValue) -> [JSONValue] {
        switch step {
        case .member(let name): return value[name].map { [$0] } ?? []
        case .index(let index):
            guard let elements = value.array else { return [] }
            let position = index < 0 ? elements.count &+ index : index
            return elements.indices.contains(position) ? [elements[position]] : []
        case .all:
            if let members = value.object { return members.sorted { $0.key < $1.key }.map(\.value) }
            return value.array ?? []
        case .filter(let names, let wanted):
            return (value.array ?? []).filter { element in
                names.reduce(Optional(element)) { $0?[$1] } == wanted
            }
        }
    }
}
