import CommonExpressions
import KubernetesModel

/// The schema of a custom resource, as `apiextensions.k8s.io/v1` requires it to be ("structural"), read once when its
/// definition is applied. What this server does not understand of it is refused then: a rule that is silently not
/// checked would be worse than none.
final class StructuralSchema: Sendable {
    enum JSONType: String, Sendable {
        case object, array, string, integer, number, boolean
    }

    let type: JSONType?
    let isNullable: Bool
    let isIntOrString: Bool
    let preservesUnknown: Bool
    let isEmbeddedResource: Bool
    let isAtomicMap: Bool
    let properties: [String: StructuralSchema]
    let additionalProperties: StructuralSchema?
    let items: StructuralSchema?
    let defaultValue: JSONValue?
    let constraints: Constraints
    let allOf: [StructuralSchema]
    let anyOf: [StructuralSchema]
    let oneOf: [StructuralSchema]
    let not: StructuralSchema?
    /// What rules know of a value here; `nil` where they know nothing, as of fields that are only preserved.
    let valueType: ValueType?
    let rules: [ValidationRule]
    /// Here or further below.
    let hasRules: Bool

    /// Where in a definition a schema stands.
    struct Place {
        /// The object itself, whose `apiVersion`, `kind` and `metadata` are not the schema's business.
        var isRoot = false
        /// An earlier form of the value can be told: not within lists whose elements have no keys.
        var isCorrelatable = true
        /// Below `allOf`, `anyOf`, `oneOf` or `not`, which only judge values and describe none.
        var isJunctor = false
    }

    init(_ document: JSONValue, field: String, at place: Place = Place(), errors: inout [FieldError]) {
        let isRoot = place.isRoot
        var below = place
        below.isRoot = false
        type = (document["type"]?.string).flatMap { JSONType(rawValue: $0) }
        isNullable = document["nullable"]?.bool ?? false
        isIntOrString = document["x-kubernetes-int-or-string"]?.bool ?? false
        preservesUnknown = document["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        isEmbeddedResource = document["x-kubernetes-embedded-resource"]?.bool ?? false
        defaultValue = document["default"]
        constraints = Constraints(document, field: field, errors: &errors)
        isAtomicMap = document["x-kubernetes-map-type"] == "atomic"
        let listType = document["x-kubernetes-list-type"]?.string
        if isAtomicMap || (type == .array && listType != "map") { below.isCorrelatable = false }
        properties = Self.members(document["properties"], field: field + ".properties", at: below, errors: &errors)
        additionalProperties =
            document["additionalProperties"]?.object != nil
            ? StructuralSchema(
                document["additionalProperties"] ?? [:], field: field + ".additionalProperties", at: below,
                errors: &errors)
            : nil
        items = document["items"].map { StructuralSchema($0, field: field + ".items", at: below, errors: &errors) }
        below.isJunctor = true
        allOf = Self.list(document["allOf"], field: field + ".allOf", at: below, errors: &errors)
        anyOf = Self.list(document["anyOf"], field: field + ".anyOf", at: below, errors: &errors)
        oneOf = Self.list(document["oneOf"], field: field + ".oneOf", at: below, errors: &errors)
        not = document["not"].map { StructuralSchema($0, field: field + ".not", at: below, errors: &errors) }
        valueType = Self.valueType(
            document, type: type, properties: properties, additional: additionalProperties, items: items,
            isResource: isRoot || isEmbeddedResource)
        rules = ValidationRule.all(
            document["x-kubernetes-validations"], valueType: valueType, schema: document,
            field: field + ".x-kubernetes-validations", at: place, errors: &errors)
        let parts = Array(properties.values) + [additionalProperties, items].compactMap(\.self)
        hasRules = !rules.isEmpty || parts.contains(where: \.hasRules)
        StructuralRules.check(document, field: field, at: place, errors: &errors)
        checkDefault(field: field, errors: &errors)
    }

    private static func members(
        _ value: JSONValue?, field: String, at place: Place, errors: inout [FieldError]
    ) -> [String: StructuralSchema] {
        var members: [String: StructuralSchema] = [:]
        for (key, schema) in (value?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            members[key] = StructuralSchema(schema, field: "\(field)[\(key)]", at: place, errors: &errors)
        }
        return members
    }

    private static func list(
        _ value: JSONValue?, field: String, at place: Place, errors: inout [FieldError]
    ) -> [StructuralSchema] {
        var list: [StructuralSchema] = []
        for (index, schema) in (value?.array ?? []).enumerated() {
            list.append(StructuralSchema(schema, field: "\(field)[\(index)]", at: place, errors: &errors))
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
