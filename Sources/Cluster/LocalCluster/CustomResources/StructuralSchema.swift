import KubernetesModel

/// The schema of a custom resource, as `apiextensions.k8s.io/v1` requires it to be ("structural").
///
/// CEL rules (`x-kubernetes-validations`) are refused when the definition is applied: a rule that is silently not
/// checked would be worse than none.
final class StructuralSchema: Sendable {
    enum ValueType: String, Sendable {
        case object, array, string, integer, number, boolean
    }

    let type: ValueType?
    let isNullable: Bool
    let isIntOrString: Bool
    let preservesUnknown: Bool
    let isEmbeddedResource: Bool
    let properties: [String: StructuralSchema]
    let additionalProperties: StructuralSchema?
    let items: StructuralSchema?
    let defaultValue: JSONValue?
    let constraints: Constraints
    let allOf: [StructuralSchema]
    let anyOf: [StructuralSchema]
    let oneOf: [StructuralSchema]
    let not: StructuralSchema?

    /// - Parameter isRoot: the object itself, whose `apiVersion`, `kind` and `metadata` are not the schema's business.
    init(_ document: JSONValue, field: String, isRoot: Bool = false, errors: inout [FieldError]) {
        type = (document["type"]?.string).flatMap { ValueType(rawValue: $0) }
        isNullable = document["nullable"]?.bool ?? false
        isIntOrString = document["x-kubernetes-int-or-string"]?.bool ?? false
        preservesUnknown = document["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        isEmbeddedResource = document["x-kubernetes-embedded-resource"]?.bool ?? false
        defaultValue = document["default"]
        constraints = Constraints(document, field: field, errors: &errors)
        properties = Self.members(document["properties"], field: field + ".properties", errors: &errors)
        additionalProperties =
            document["additionalProperties"]?.object != nil
            ? StructuralSchema(
                document["additionalProperties"] ?? [:], field: field + ".additionalProperties", errors: &errors)
            : nil
        items = document["items"].map { StructuralSchema($0, field: field + ".items", errors: &errors) }
        allOf = Self.list(document["allOf"], field: field + ".allOf", errors: &errors)
        anyOf = Self.list(document["anyOf"], field: field + ".anyOf", errors: &errors)
        oneOf = Self.list(document["oneOf"], field: field + ".oneOf", errors: &errors)
        not = document["not"].map { StructuralSchema($0, field: field + ".not", errors: &errors) }
        if isRoot, type != .object {
            errors.append(
                FieldError(
                    .invalid, field: field + ".type", value: "\"\(document["type"]?.string ?? "")\"",
                    detail: "must be object at the root"))
        }
        if let rules = document["x-kubernetes-validations"]?.array, !rules.isEmpty {
            errors.append(
                FieldError(
                    .forbidden, field: field + ".x-kubernetes-validations",
                    detail: "this local cluster cannot evaluate CEL rules, and does not pretend to: remove the "
                        + "\(rules.count) rule(s), or use a real cluster"))
        }
        if document["$ref"] != nil {
            errors.append(FieldError(.forbidden, field: field + ".$ref", detail: "$ref is not supported"))
        }
    }

    private static func members(
        _ value: JSONValue?, field: String, errors: inout [FieldError]
    ) -> [String: StructuralSchema] {
        var members: [String: StructuralSchema] = [:]
        for (key, schema) in (value?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            members[key] = StructuralSchema(schema, field: "\(field)[\(key)]", errors: &errors)
        }
        return members
    }

    private static func list(
        _ value: JSONValue?, field: String, errors: inout [FieldError]
    ) -> [StructuralSchema] {
        var list: [StructuralSchema] = []
        for (index, schema) in (value?.array ?? []).enumerated() {
            list.append(StructuralSchema(schema, field: "\(field)[\(index)]", errors: &errors))
        }
        return list
    }
}

// MARK: - Pruning and defaults

extension StructuralSchema {
    /// Removes members that no schema names, unless it asks to keep them.
    func prune(_ value: inout JSONValue, isRoot: Bool = false, path: String, unknown: inout [String]) {
        switch value {
        case .object(var members):
            value = .null  // The members are edited in place.
            for key in members.keys.sorted() {
                if isRoot || isEmbeddedResource, ["apiVersion", "kind", "metadata"].contains(key) { continue }
                let child = path.isEmpty ? key : "\(path).\(key)"
                if let schema = properties[key] ?? additionalProperties {
                    schema.prune(&members[key, default: .null], path: child, unknown: &unknown)
                } else if !preservesUnknown {
                    members[key] = nil
                    unknown.append(child)
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices {
                items.prune(&elements[index], path: "\(path)[\(index)]", unknown: &unknown)
            }
            value = .array(elements)
        default: break
        }
    }

    /// Puts defaults where a member is absent, or null without being allowed to.
    func applyDefaults(_ value: inout JSONValue) {
        switch value {
        case .object(var members):
            value = .null
            for (key, schema) in properties {
                let isMissing = members[key] == nil || (members[key] == .null && !schema.isNullable)
                if isMissing, let standard = schema.defaultValue { members[key] = standard }
                if members[key] != nil { schema.applyDefaults(&members[key, default: .null]) }
            }
            if let additionalProperties {
                for key in members.keys where properties[key] == nil {
                    additionalProperties.applyDefaults(&members[key, default: .null])
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices { items.applyDefaults(&elements[index]) }
            value = .array(elements)
        default: break
        }
    }
}
