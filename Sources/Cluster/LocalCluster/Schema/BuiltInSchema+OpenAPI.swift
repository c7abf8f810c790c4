package import KubernetesModel

extension BuiltInSchema {
    /// The OpenAPI v3 schema of a built-in kind, with the types it uses written in place; `nil` for other kinds. For
    /// `kubectl explain`.
    package static func openAPIv3(for resource: ResourceKind) -> JSONValue? {
        node(resource).map { document($0, depth: 0) }
    }

    /// No built-in type is as deep.
    private static let maximumDepth = 30

    private static func document(_ node: SchemaNode, depth: Int) -> JSONValue {
        guard depth < maximumDepth else { return [:] }
        switch node {
        case .any: return ["x-kubernetes-preserve-unknown-fields": true]
        case .scalar(let type): return document(type)
        case .map(let element, _):
            return ["type": "object", "additionalProperties": document(element, depth: depth + 1)]
        case .list(let element, let schema): return document(element, schema, depth: depth)
        case .named, .structure:
            return node.members.map { document($0, isAtomic: node.isAtomicObject, depth: depth) } ?? [:]
        }
    }

    private static func document(_ structure: Structure, isAtomic: Bool, depth: Int) -> JSONValue {
        var properties: JSONValue = [:]
        for field in structure.fields.values {
            var property = document(field.node, depth: depth + 1)
            if !field.description.isEmpty { property["description"] = .string(field.description) }
            properties[field.name] = property
        }
        var result: JSONValue = ["type": "object", "properties": properties]
        let required = structure.order.filter { structure.fields[$0]?.isRequired == true }
        if !required.isEmpty { result["required"] = .array(required.map(JSONValue.string)) }
        if isAtomic { result["x-kubernetes-map-type"] = "atomic" }
        if structure.isOpen { result["x-kubernetes-preserve-unknown-fields"] = true }
        return result
    }

    private static func document(_ element: SchemaNode, _ schema: ListSchema, depth: Int) -> JSONValue {
        var result: JSONValue = ["type": "array", "items": document(element, depth: depth + 1)]
        switch schema.topology {
        case .atomic: result["x-kubernetes-list-type"] = "atomic"
        case .set: result["x-kubernetes-list-type"] = "set"
        case .map(let keys):
            result["x-kubernetes-list-type"] = "map"
            result["x-kubernetes-list-map-keys"] = .array(keys.map { .string($0.name) })
        }
        if schema.mergesInPatches {
            result["x-kubernetes-patch-strategy"] = schema.retainsKeys ? "merge,retainKeys" : "merge"
        }
        if let key = schema.patchKey { result["x-kubernetes-patch-merge-key"] = .string(key) }
        return result
    }

    private static func document(_ type: ScalarType) -> JSONValue {
        switch type {
        case .string, .quantity: ["type": "string"]
        case .int: ["type": "integer", "format": "int32"]
        case .int64: ["type": "integer", "format": "int64"]
        case .bool: ["type": "boolean"]
        case .number: ["type": "number"]
        case .time: ["type": "string", "format": "date-time"]
        case .bytes: ["type": "string", "format": "byte"]
        case .intOrString: ["x-kubernetes-int-or-string": true]
        }
    }
}
