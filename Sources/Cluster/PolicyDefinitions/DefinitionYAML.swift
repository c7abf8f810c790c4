import KubernetesModel

/// Writes a document as YAML in block style, members in the order of their names: equal documents give equal texts.
enum DefinitionYAML {
    static func text(_ document: JSONValue) -> String {
        var lines: [String] = []
        append(document, indent: 0, to: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func append(_ value: JSONValue, indent: Int, to lines: inout [String]) {
        let space = String(repeating: " ", count: indent)
        switch value {
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                append(member, after: "\(space)\(scalar(.string(key))):", indent: indent + 2, to: &lines)
            }
        case .array(let elements):
            for element in elements {
                if let text = flow(element) {
                    lines.append("\(space)- \(text)")
                    continue
                }
                var inner: [String] = []
                append(element, indent: indent + 2, to: &inner)
                if let first = inner.first { inner[0] = "\(space)- \(first.dropFirst(indent + 2))" }
                lines += inner
            }
        default: lines.append(space + scalar(value))
        }
    }

    private static func append(_ value: JSONValue, after key: String, indent: Int, to lines: inout [String]) {
        if let text = flow(value) {
            lines.append("\(key) \(text)")
        } else {
            lines.append(key)
            append(value, indent: indent, to: &lines)
        }
    }

    /// What fits on the line of its key.
    private static func flow(_ value: JSONValue) -> String? {
        switch value {
        case .object(let members): members.isEmpty ? "{}" : nil
        case .array(let elements): elements.isEmpty ? "[]" : nil
        default: scalar(value)
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        guard case .string(let text) = value, isPlain(text) else {
            return String(decoding: value.serialized(), as: UTF8.self)
        }
        return text
    }

    /// Whether a text means itself without quotes: words and what stands between them, and nothing that YAML reads
    /// otherwise.
    private static func isPlain(_ text: String) -> Bool {
        let others: Set<Unicode.Scalar> = [" ", "-", "_", ".", "/", "(", ")", ";", "$"]
        func isLetter(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
        }
        guard let first = text.unicodeScalars.first, isLetter(first) || first == "$", text.last != " ",
            !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        else { return false }
        return text.unicodeScalars.allSatisfy {
            isLetter($0) || ("0"..."9").contains($0) || others.contains($0) || $0 == ","
        }
    }
}
