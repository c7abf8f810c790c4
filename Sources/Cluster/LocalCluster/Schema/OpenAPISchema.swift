import KubernetesModel

/// A custom resource's structural schema (`openAPIV3Schema`) as a schema node.
enum OpenAPISchema {
    static let maximumDepth = 100

    /// The schema of a whole object: `metadata` is what it is for every kind.
    static func node(_ schema: JSONValue) -> SchemaNode {
        guard case .structure(var root, let isAtomic) = node(schema, depth: 0) else { return .any }
        root.fields["apiVersion"] = Structure.Field(name: "apiVersion", node: .scalar(.string))
        root.fields["kind"] = Structure.Field(name: "kind", node: .scalar(.string))
        root.fields["metadata"] = Structure.Field(
            name: "metadata", node: .named("ObjectMeta", isAtomic: false), isAlwaysPresent: true)
        return .structure(root, isAtomic: isAtomic)
    }

    private static func node(_ schema: JSONValue, depth: Int) -> SchemaNode {
        guard depth < maximumDepth else { return .any }
        if schema["x-kubernetes-int-or-string"] == true { return .scalar(.intOrString) }
        switch schema["type"]?.string {
        case "object": return object(schema, depth: depth)
        case "array":
            let element = schema["items"].map { node($0, depth: depth + 1) } ?? .any
            return .list(of: element, list(schema))
        case "string": return .scalar(.string)
        case "integer": return .scalar(.int64)
        case "number": return .scalar(.number)
        case "boolean": return .scalar(.bool)
        default: return .any
        }
    }

    private static func object(_ schema: JSONValue, depth: Int) -> SchemaNode {
        let isAtomic = schema["x-kubernetes-map-type"] == "atomic"
        let isOpen = schema["x-kubernetes-preserve-unknown-fields"] == true
        if schema["x-kubernetes-embedded-resource"] == true { return .any }
        if let properties = schema["properties"]?.object {
            var structure = Structure(name: "", isOpen: isOpen, isAtomic: isAtomic)
            let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
            structure.order = properties.keys.sorted()
            structure.fields = Dictionary(
                uniqueKeysWithValues: properties.map { name, member in
                    let field = Structure.Field(
                        name: name, node: node(member, depth: depth + 1), isRequired: required.contains(name),
                        description: member["description"]?.string ?? "")
                    return (name, field)
                })
            return .structure(structure, isAtomic: isAtomic)
        }
        if let element = schema["additionalProperties"], element.object != nil {
            return .map(of: node(element, depth: depth + 1), isAtomic: isAtomic)
        }
        return isOpen || schema["additionalProperties"] == true
            ? .any : .structure(Structure(name: "", isAtomic: isAtomic), isAtomic: isAtomic)
    }

    private static func list(_ schema: JSONValue) -> ListSchema {
        var list = ListSchema()
        switch schema["x-kubernetes-list-type"]?.string {
        case "set": list.topology = .set
        case "map":
            let keys = (schema["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
            list.topology = .map(
                keys.map {
                    ListKey(name: $0, defaultValue: schema["items"]?["properties"]?[$0]?["default"]?.string)
                })
        default: break
        }
        return list
    }
}
