/// Reads the compact notation in which the built-in kinds are written down:
///
///     @networking.k8s.io/v1 Ingress        a kind; `apiVersion`, `kind` and `metadata` go without saying
///       spec IngressSpec always | text     a field: name, type, options, description
///     IngressBackend                       a type that others name; options: `open`, `atomic`
///       service IngressServiceBackend
///
/// Types: a scalar, `any`, a named type, `[]T`, `{}T`. Options: `atomic` (an object owned as one), `set`,
/// `map(key,key=default)`, `merge` or `merge(key)` for patches, `retainKeys`, `always`, `required`.
struct SchemaText {
    private(set) var structures: [String: Structure] = [:]
    /// The structure of a kind, by `apiVersion kind`.
    private(set) var kinds: [String: String] = [:]
    private var current: Structure?

    mutating func read(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("  ") {
                if let field = Self.field(line.drop { $0 == " " }) { add(field) }
            } else {
                finish()
                begin(line.split(separator: " ").map(String.init))
            }
        }
        finish()
    }

    private mutating func begin(_ words: [String]) {
        guard let first = words.first else { return }
        if first.hasPrefix("@"), words.count >= 2 {
            let apiVersion = String(first.dropFirst())
            // Two groups may have a kind of the same name, as Event.
            let name = structures[words[1]] == nil ? words[1] : "\(apiVersion).\(words[1])"
            kinds["\(apiVersion) \(words[1])"] = name
            current = Structure(name: name)
            add(Structure.Field(name: "apiVersion", node: .scalar(.string), description: "The version of the schema."))
            add(Structure.Field(name: "kind", node: .scalar(.string), description: "The kind of object."))
            add(
                Structure.Field(
                    name: "metadata", node: .named("ObjectMeta", isAtomic: false), isAlwaysPresent: true,
                    description: "What every object has."))
        } else {
            current = Structure(name: first)
        }
        current?.isOpen = words.contains("open")
        current?.isAtomic = words.contains("atomic")
    }

    private mutating func add(_ field: Structure.Field) {
        current?.fields[field.name] = field
        current?.order.append(field.name)
    }

    private mutating func finish() {
        if let current { structures[current.name] = current }
        current = nil
    }

    private static func field(_ line: Substring) -> Structure.Field? {
        let halves = line.split(separator: "|", maxSplits: 1)
        let words = (halves.first ?? "").split(separator: " ").map(String.init)
        guard words.count >= 2 else { return nil }
        let options = words.dropFirst(2)
        return Structure.Field(
            name: words[0], node: node(words[1], options), isAlwaysPresent: options.contains("always"),
            isRequired: options.contains("required"),
            description: halves.count > 1 ? halves[1].drop { $0 == " " }.description : "")
    }

    private static func node(_ type: String, _ options: ArraySlice<String>) -> SchemaNode {
        if type.hasPrefix("[]") {
            return .list(of: node(String(type.dropFirst(2)), []), listSchema(options))
        }
        let isAtomic = options.contains("atomic")
        if type.hasPrefix("{}") { return .map(of: node(String(type.dropFirst(2)), []), isAtomic: isAtomic) }
        if type == "any" { return .any }
        if let scalar = ScalarType(rawValue: type) { return .scalar(scalar) }
        return .named(type, isAtomic: isAtomic)
    }

    private static func listSchema(_ options: ArraySlice<String>) -> ListSchema {
        var schema = ListSchema()
        for option in options {
            let argument = option.split(separator: "(").dropFirst().first.map { $0.dropLast() }
            switch option.prefix(while: { $0 != "(" }) {
            case "set": schema.topology = .set
            case "map": schema.topology = .map(keys(argument ?? ""))
            case "merge":
                schema.mergesInPatches = true
                schema.patchKey = argument.map(String.init)
            case "retainKeys": schema.retainsKeys = true
            default: break
            }
        }
        return schema
    }

    private static func keys(_ text: Substring) -> [ListKey] {
        text.split(separator: ",").map { part in
            let pair = part.split(separator: "=", maxSplits: 1)
            return ListKey(name: String(pair[0]), defaultValue: pair.count > 1 ? String(pair[1]) : nil)
        }
    }
}
