import KubernetesModel
import Patterns

extension StructuralSchema {
    /// What a schema asks of a value beside its shape.
    struct Constraints: Sendable {
        var required: [String] = []
        var allowed: [JSONValue]?
        /// With its text, for messages.
        var pattern: (text: String, expression: RegularExpression)?
        var format: String?
        var minimum: Double?
        var maximum: Double?
        var isMinimumExclusive = false
        var isMaximumExclusive = false
        var multipleOf: Double?
        var lengths: ClosedRange<Int64>?
        var counts: ClosedRange<Int64>?
        var memberCounts: ClosedRange<Int64>?
        /// Of a list of type `map`, or the whole element of a `set`.
        var listKeys: [String]?
        var isSet = false

        init(_ document: JSONValue, field: String, errors: inout [FieldError]) {
            required = (document["required"]?.array ?? []).compactMap(\.string)
            allowed = document["enum"]?.array
            format = document["format"]?.string
            pattern = Self.pattern(document["pattern"]?.string, field: field, errors: &errors)
            minimum = document["minimum"]?.number
            maximum = document["maximum"]?.number
            isMinimumExclusive = document["exclusiveMinimum"]?.bool ?? false
            isMaximumExclusive = document["exclusiveMaximum"]?.bool ?? false
            multipleOf = document["multipleOf"]?.number
            lengths = Self.range(document, "minLength", "maxLength")
            counts = Self.range(document, "minItems", "maxItems")
            memberCounts = Self.range(document, "minProperties", "maxProperties")
            if document["uniqueItems"]?.bool == true {
                errors.append(
                    FieldError(
                        .forbidden, field: field + ".uniqueItems",
                        detail: "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"))
            }
            let listType = document["x-kubernetes-list-type"]?.string
            isSet = listType == "set"
            if listType == "map" {
                listKeys = (document["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
            }
        }

        private static func pattern(
            _ text: String?, field: String, errors: inout [FieldError]
        ) -> (text: String, expression: RegularExpression)? {
            guard let text else { return nil }
            do throws(RegularExpression.Failure) {
                return (text, try RegularExpression(text))
            } catch {
                errors.append(
                    FieldError(
                        .invalid, field: field + ".pattern", value: Findings.quoted(text),
                        detail: "must be a regular expression that this server understands, but isn't: \(error)"))
                return nil
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
