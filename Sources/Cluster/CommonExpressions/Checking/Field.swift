/// How expressions name the fields of a schema (Kubernetes: "Escaping").
package enum Field {
    private static let keywords: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    /// The name of a property in expressions: `__dash__` for `-` and so on; `nil` for a property that has none, such as
    /// one with a space in it.
    package static func escaped(_ property: String) -> String? {
        if keywords.contains(property) { return "__\(property)__" }
        guard let first = property.unicodeScalars.first, !("0"..."9").contains(first) else { return nil }
        var name = ""
        var rest = property[...]
        while let character = rest.first {
            rest.removeFirst()
            switch character {
            case "_" where rest.first == "_":
                rest.removeFirst()
                name += "__underscores__"
            case ".": name += "__dot__"
            case "-": name += "__dash__"
            case "/": name += "__slash__"
            case "_": name += "_"
            default:
                guard character.isASCII, character.isLetter || character.isNumber else { return nil }
                name.append(character)
            }
        }
        return name
    }
}
