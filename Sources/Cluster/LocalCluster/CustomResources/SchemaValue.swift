import CommonExpressions
import KubernetesModel

extension StructuralSchema {
    /// What rules may know of a value that a schema describes (Kubernetes: `SchemaDeclType`).
    static func valueType(
        _ document: JSONValue, type: JSONType?, properties: [String: StructuralSchema],
        additional: StructuralSchema?, items: StructuralSchema?, isResource: Bool
    ) -> ValueType? {
        if document["x-kubernetes-int-or-string"] == true { return .dyn }
        switch type {
        case .object:
            if let additional { return additional.valueType.map { .map(.string, $0) } }
            var fields: [String: ValueType] = [:]
            for (name, property) in properties {
                if let escaped = Field.escaped(name) { fields[escaped] = property.valueType }
            }
            if isResource {
                fields["apiVersion"] = .string
                fields["kind"] = .string
                fields["metadata"] = .object(ObjectType(fields: ["name": .string, "generateName": .string]))
            }
            return .object(ObjectType(fields: fields))
        case .array: return items?.valueType.map { .list($0) }
        case .string:
            switch document["format"]?.string {
            case "byte": return .bytes
            case "duration": return .duration
            case "date", "date-time": return .timestamp
            default: return .string
            }
        case .boolean: return .bool
        case .number: return .double
        case .integer: return .int
        case nil: return nil
        }
    }

    /// The value as rules see it; what the schema does not describe is not there.
    func value(of json: JSONValue, isRoot: Bool = false) -> Value {
        switch json {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .integer(let value): return type == .number ? .double(Double(value)) : .int(value)
        case .double(let value):
            return type == .integer ? Int64(exactly: value).map { .int($0) } ?? .double(value) : .double(value)
        case .string(let text): return value(of: text)
        case .array(let elements):
            let values = elements.map { items?.value(of: $0) ?? .null }
            return .list(ListValue(values, topology: topology))
        case .object(let members): return value(of: members, isResource: isRoot || isEmbeddedResource)
        }
    }

    private func value(of text: String) -> Value {
        switch valueType {
        case .bytes: Base64.decoded(text).map { .bytes($0) } ?? .string(text)
        case .duration: DurationValue(text).map { .duration($0) } ?? .string(text)
        case .timestamp: (TimestampValue(text) ?? TimestampValue(date: text)).map { .timestamp($0) } ?? .string(text)
        default: .string(text)
        }
    }

    private var topology: ListValue.Topology {
        constraints.isSet ? .set : constraints.listKeys.map { .map(keys: $0) } ?? .atomic
    }

    private func value(of members: [String: JSONValue], isResource: Bool) -> Value {
        if let additionalProperties {
            let entries = members.map { (Value.string($0.key), additionalProperties.value(of: $0.value)) }
            return .map(Dictionary(entries, uniquingKeysWith: { first, _ in first }))
        }
        var values: [String: Value] = [:]
        for (name, member) in members {
            guard let schema = properties[name], schema.valueType != nil, let escaped = Field.escaped(name) else {
                continue
            }
            values[escaped] = schema.value(of: member)
        }
        if isResource {
            for name in ["apiVersion", "kind"] { values[name] = members[name]?.string.map { .string($0) } }
            var metadata: [String: Value] = [:]
            for name in ["name", "generateName"] {
                metadata[name] = members["metadata"]?[name]?.string.map { .string($0) }
            }
            values["metadata"] = .object(metadata)
        }
        return .object(values)
    }
}
