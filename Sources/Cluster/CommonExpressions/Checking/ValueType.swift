/// What the checker knows of a value before it is there.
package indirect enum ValueType: Hashable, Sendable {
    /// Anything; known only when it is there.
    case dyn
    case null
    case bool
    case int
    case uint
    case double
    case string
    case bytes
    case duration
    case timestamp
    case type
    case list(ValueType)
    case map(ValueType, ValueType)
    case object(ObjectType)
    case optional(ValueType)
    case ip
    case cidr
    case url
    case quantity
}

/// The fields of an object, under the names by which expressions know them (`Field.escaped`).
package struct ObjectType: Hashable, Sendable {
    package var fields: [String: ValueType]

    package init(fields: [String: ValueType]) { self.fields = fields }
}

extension ValueType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .dyn: "dyn"
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .type: "type"
        case .duration: "google.protobuf.Duration"
        case .timestamp: "google.protobuf.Timestamp"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .object: "object"
        case .optional(let type): "optional_type(\(type))"
        case .ip: "net.IP"
        case .cidr: "net.CIDR"
        case .url: "kubernetes.URL"
        case .quantity: "kubernetes.Quantity"
        }
    }
}

extension ValueType {
    /// Whether a value of type `other` may stand where one of this type is asked for.
    func accepts(_ other: ValueType) -> Bool {
        switch (self, other) {
        case (.dyn, _), (_, .dyn): true
        case (.list(let a), .list(let b)), (.optional(let a), .optional(let b)): a.accepts(b)
        case (.map(let a, let c), .map(let b, let d)): a.accepts(b) && c.accepts(d)
        case (.object, .object), (.object, .null), (.null, .object): true
        default: self == other
        }
    }

    /// Whether a value that is there is of this type.
    func accepts(_ value: Value) -> Bool {
        switch (self, value) {
        case (.dyn, _), (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double),
            (.string, .string), (.bytes, .bytes), (.duration, .duration), (.timestamp, .timestamp), (.type, .type),
            (.list, .list), (.map, .map), (.map, .object), (.object, .object), (.optional, .optional), (.ip, .ip),
            (.cidr, .cidr), (.url, .url), (.quantity, .quantity):
            true
        default: false
        }
    }

    var isNumeric: Bool { [.int, .uint, .double, .dyn].contains(self) }

    /// The type of either of two values; `nil` where they have nothing in common.
    func joined(_ other: ValueType) -> ValueType? {
        guard accepts(other) || other.accepts(self) else { return nil }
        switch (self, other) {
        case (.list(let a), .list(let b)): return .list(a.joined(b) ?? .dyn)
        case (.map(let a, let c), .map(let b, let d)): return .map(a.joined(b) ?? .dyn, c.joined(d) ?? .dyn)
        case (.optional(let a), .optional(let b)): return .optional(a.joined(b) ?? .dyn)
        default: return self == other ? self : .dyn
        }
    }
}
