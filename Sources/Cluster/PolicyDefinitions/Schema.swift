import KubernetesModel

/// A structural schema, written as a value.
struct Schema {
    var document: JSONValue

    /// An entry of `x-kubernetes-validations`.
    struct Rule {
        var expression: String
        var message: String
        /// The field that the error names, below the schema: `.burst`.
        var field: String?

        init(_ expression: String, _ message: String, field: String? = nil) {
            self.expression = expression
            self.message = message
            self.field = field
        }

        var document: JSONValue {
            var document: JSONValue = ["rule": .string(expression), "message": .string(message)]
            document["fieldPath"] = field.map(JSONValue.string)
            return document
        }
    }

    private init(_ type: String, _ description: String) {
        document = ["type": .string(type), "description": .string(description)]
    }

    static func object(
        _ description: String, required: [String] = [], rules: [Rule] = [], _ properties: KeyValuePairs<String, Schema>
    ) -> Schema {
        var schema = Schema("object", description)
        if !required.isEmpty { schema.document["required"] = .array(required.map(JSONValue.string)) }
        var members: JSONValue = [:]
        for (name, property) in properties { members[name] = property.document }
        schema.document["properties"] = members
        return schema.with(rules)
    }

    static func string(
        _ description: String, one values: [String]? = nil, standard: String? = nil, length: ClosedRange<Int64>? = nil,
        pattern: String? = nil, rules: [Rule] = []
    ) -> Schema {
        var schema = Schema("string", description)
        schema.document["enum"] = values.map { .array($0.map(JSONValue.string)) }
        schema.document["default"] = standard.map(JSONValue.string)
        if let length {
            if length.lowerBound > 0 { schema.document["minLength"] = .integer(length.lowerBound) }
            schema.document["maxLength"] = .integer(length.upperBound)
        }
        schema.document["pattern"] = pattern.map(JSONValue.string)
        return schema.with(rules)
    }

    static func integer(_ description: String, _ range: ClosedRange<Int64>, standard: Int64? = nil) -> Schema {
        var schema = Schema("integer", description)
        schema.document["format"] = "int64"
        schema.document["minimum"] = .integer(range.lowerBound)
        schema.document["maximum"] = .integer(range.upperBound)
        schema.document["default"] = standard.map(JSONValue.integer)
        return schema
    }

    static func boolean(_ description: String, standard: Bool? = nil) -> Schema {
        var schema = Schema("boolean", description)
        schema.document["default"] = standard.map(JSONValue.bool)
        return schema
    }

    /// - Parameter keys: the members by which the elements are told apart; `nil` for a list that is one value.
    static func list(
        _ description: String, of element: Schema, _ count: ClosedRange<Int64>, keys: [String]? = nil,
        rules: [Rule] = []
    ) -> Schema {
        var schema = Schema("array", description)
        schema.document["items"] = element.document
        if count.lowerBound > 0 { schema.document["minItems"] = .integer(count.lowerBound) }
        schema.document["maxItems"] = .integer(count.upperBound)
        schema.document["x-kubernetes-list-type"] = keys == nil ? "atomic" : "map"
        schema.document["x-kubernetes-list-map-keys"] = keys.map { .array($0.map(JSONValue.string)) }
        return schema.with(rules)
    }

    private func with(_ rules: [Rule]) -> Schema {
        guard !rules.isEmpty else { return self }
        var schema = self
        schema.document["x-kubernetes-validations"] = .array(rules.map(\.document))
        return schema
    }
}
