package import NetTypes

/// What an expression is evaluated to, and what it is given.
package indirect enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list(ListValue)
    case map([Value: Value])
    /// An object of a schema: fields that are absent are not there.
    case object([String: Value])
    case duration(DurationValue)
    case timestamp(TimestampValue)
    case type(String)
    case optional(Value?)
    case ip(IPAddress)
    case cidr(CIDRValue)
    case url(URLValue)
    case quantity(QuantityValue)

    package static func list(_ elements: [Value]) -> Value { .list(ListValue(elements)) }

    /// The type's name as `type()` gives it.
    var typeName: String {
        switch self {
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .list: "list"
        case .map: "map"
        case .object: "object"
        case .duration: "google.protobuf.Duration"
        case .timestamp: "google.protobuf.Timestamp"
        case .type: "type"
        case .optional: "optional_type"
        case .ip: "net.IP"
        case .cidr: "net.CIDR"
        case .url: "kubernetes.URL"
        case .quantity: "kubernetes.Quantity"
        }
    }
}

/// A list, with what tells its elements apart (`x-kubernetes-list-type`).
package struct ListValue: Sendable {
    package enum Topology: Hashable, Sendable {
        case atomic
        /// The order means nothing.
        case set
        /// The order means nothing; these members tell elements apart.
        case map(keys: [String])
    }

    package var elements: [Value]
    package var topology: Topology

    package init(_ elements: [Value], topology: Topology = .atomic) {
        self.elements = elements
        self.topology = topology
    }

    /// What tells an element of a list of type `map` apart.
    private func identity(_ element: Value, _ keys: [String]) -> [Value?] {
        guard case .object(let members) = element else { return [] }
        return keys.map { members[$0] }
    }

    /// `+`: in a set every element stands once; in a map, elements of `other` replace those with the same key.
    func appending(_ other: ListValue) -> ListValue {
        var result = self
        switch topology {
        case .atomic: result.elements += other.elements
        case .set:
            for element in other.elements where !result.elements.contains(element) { result.elements.append(element) }
        case .map(let keys):
            for element in other.elements {
                let wanted = identity(element, keys)
                if let place = result.elements.firstIndex(where: { identity($0, keys) == wanted }) {
                    result.elements[place] = element
                } else {
                    result.elements.append(element)
                }
            }
        }
        return result
    }
}

extension ListValue: Equatable {
    package static func == (a: ListValue, b: ListValue) -> Bool {
        guard a.elements.count == b.elements.count else { return false }
        guard a.topology != .atomic else { return a.elements == b.elements }
        var rest = b.elements
        for element in a.elements {
            guard let place = rest.firstIndex(of: element) else { return false }
            rest.swapAt(place, rest.count - 1)
            rest.removeLast()
        }
        return true
    }
}
