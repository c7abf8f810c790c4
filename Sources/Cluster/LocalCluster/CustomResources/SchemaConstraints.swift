import KubernetesModel

extension StructuralSchema {
    /// What a schema asks of a value beside its shape.
    struct Constraints: Sendable {
        var required: [String] = []
        var allowed: [JSONValue]?
        /// Kept as text: `Regex` is not `Sendable`. Its syntax was checked.
        var pattern: String?
        var minimum: Double?
        var maximum: Double?
        var isMinimumExclusive = false
        var isMaximumExclusive = false
        var multipleOf: Double?
        var lengths: ClosedRange<Int64>?
        var counts: ClosedRange<Int64>?
        var memberCounts: ClosedRange<Int64>?
        var hasUniqueItems = false
        /// Of a list of type `map`, or the whole element of a `set`.
        var listKeys: [String]?
        var isSet = false

        init(_ document: JSONValue, field: String, errors: inout [FieldError]) {
            required = (document["required"]?.array ?? []).compactMap(\.string)
            allowed = document["enum"]?.array
            pattern = document["pattern"]?.string
            if let pattern, (try? Regex(pattern)) == nil {
                errors.append(
                    FieldError(
                        .invalid, field: field + ".pattern", value: "\"\(pattern)\"",
                        detail: "is no regular expression that this server understands"))
                self.pattern = nil
            }
            minimum = document["minimum"]?.number
            maximum = document["maximum"]?.number
            isMinimumExclusive = document["exclusiveMinimum"]?.bool ?? false
            isMaximumExclusive = document["exclusiveMaximum"]?.bool ?? false
            multipleOf = document["multipleOf"]?.number
            lengths = Self.range(document, "minLength", "maxLength")
            counts = Self.range(document, "minItems", "maxItems")
            memberCounts = Self.range(document, "minProperties", "maxProperties")
            hasUniqueItems = document["uniqueItems"]?.bool ?? false
            let listType = document["x-kubernetes-list-type"]?.string
            isSet = listType == "set"
            if listType == "map" {
                listKeys = (document["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
            }
        }

        private static func range(_ document: JSONValue, _ low: String, _ high: String) -> ClosedRange<Int64>? {
            guard document[low] != nil || document[high] != nil else { return nil }
            let least = max(0, document[low]?.integer ?? 0)
            return least...max(least, document[high]?.integer ?? .max)
        }
    }
}

extension JSONValue {
    /// Either kind of number.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// As a message shows it.
    var quoted: String { String(decoding: serialized(), as: UTF8.self) }
}
