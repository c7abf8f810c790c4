import KubernetesModel

/// A place in an object as `field.Path` prints it: `spec.rules[0].host`.
struct FieldPath: Hashable, Sendable {
    var text: String

    init(_ text: String) { self.text = text }

    subscript(_ member: String) -> FieldPath { FieldPath(text.isEmpty ? member : "\(text).\(member)") }
    subscript(_ index: Int) -> FieldPath { FieldPath("\(text)[\(index)]") }
    /// A member of a map: `data[tls.crt]`.
    func key(_ name: String) -> FieldPath { FieldPath("\(text)[\(name)]") }
}

/// What is wrong with an object, in the order found.
struct Findings {
    private(set) var errors: [FieldError] = []

    mutating func required(_ path: FieldPath, _ detail: String = "") {
        errors.append(FieldError(.required, field: path.text, detail: detail))
    }

    mutating func invalid(_ path: FieldPath, _ value: JSONValue?, _ detail: String) {
        errors.append(FieldError(.invalid, field: path.text, value: Self.printed(value), detail: detail))
    }

    /// One error for each message, as `Is…` functions of apimachinery return them.
    mutating func invalid(_ path: FieldPath, _ value: String, _ messages: [String]) {
        for message in messages { invalid(path, .string(value), message) }
    }

    mutating func forbidden(_ path: FieldPath, _ detail: String) {
        errors.append(FieldError(.forbidden, field: path.text, detail: detail))
    }

    mutating func duplicate(_ path: FieldPath, _ value: JSONValue) {
        errors.append(FieldError(.duplicate, field: path.text, value: Self.printed(value), detail: ""))
    }

    mutating func unsupported(_ path: FieldPath, _ value: String, _ supported: [String]) {
        let list = supported.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        errors.append(
            FieldError(
                .notSupported, field: path.text, value: Self.printed(.string(value)),
                detail: "supported values: \(list)"))
    }

    mutating func tooLong(_ path: FieldPath, limit: Int) {
        errors.append(FieldError(.tooLong, field: path.text, detail: "may not be more than \(limit) bytes"))
    }

    mutating func tooMany(_ path: FieldPath, count: Int, limit: Int) {
        errors.append(
            FieldError(.tooMany, field: path.text, value: "\(count)", detail: "must have at most \(limit) items"))
    }

    /// Reports a change of what may not change.
    mutating func immutable(_ path: FieldPath, _ new: JSONValue?, _ old: JSONValue?) {
        if (new ?? .null) != (old ?? .null) { invalid(path, new, "field is immutable") }
    }

    /// Values as Go's `%v` and `%q` print them; objects in short.
    static func printed(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "null"
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): quoted(value)
        case .array(let elements): "[" + elements.prefix(16).map { printed($0) }.joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }.prefix(16).map { "\(quoted($0.key)):\(printed($0.value))" }
                .joined(separator: ",") + "}"
        }
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}
