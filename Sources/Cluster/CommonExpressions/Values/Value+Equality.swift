/// Equality as the language has it: numbers by their value whatever their type, texts by their scalars (Swift's own
/// comparison would call two spellings of one character equal), values of different types unequal.
extension Value: Hashable {
    package static func == (a: Value, b: Value) -> Bool {
        if let order = a.numericOrder(b) { return order == .same }
        switch (a, b) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.bytes(let a), .bytes(let b)): return a == b
        case (.list(let a), .list(let b)): return a == b
        case (.map(let a), .map(let b)): return a == b
        case (.object(let a), .object(let b)): return a == b
        case (.map, .object(let b)): return a == .map(Self.keyed(b))
        case (.object(let a), .map): return .map(Self.keyed(a)) == b
        case (.duration(let a), .duration(let b)): return a == b
        case (.timestamp(let a), .timestamp(let b)): return a == b
        case (.type(let a), .type(let b)): return a == b
        case (.optional(let a), .optional(let b)): return a == b
        case (.ip(let a), .ip(let b)): return a == b
        case (.cidr(let a), .cidr(let b)): return a == b
        case (.url(let a), .url(let b)): return a == b
        case (.quantity(let a), .quantity(let b)): return a == b
        default: return false
        }
    }

    private static func keyed(_ members: [String: Value]) -> [Value: Value] {
        Dictionary(members.map { (.string($0.key), $0.value) }, uniquingKeysWith: { _, last in last })
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .int(let value): hasher.combine(value)
        case .uint(let value):
            if let int = Int64(exactly: value) { hasher.combine(int) } else { hasher.combine(value) }
        case .double(let value):
            if let int = Int64(exactly: value) {
                hasher.combine(int)
            } else if let uint = UInt64(exactly: value) {
                hasher.combine(uint)
            } else {
                hasher.combine(value)
            }
        case .bool(let value): hasher.combine(value)
        case .string(let value): hasher.combine(Array(value.utf8))
        case .bytes(let value): hasher.combine(value)
        // Lists may be equal in another order, objects may equal maps.
        case .list(let value): hasher.combine(value.elements.count)
        case .map(let value): hasher.combine(value.count)
        case .object(let value): hasher.combine(value.count)
        case .optional(let value): hasher.combine(value)
        case .null, .duration, .timestamp, .type, .ip, .cidr, .url, .quantity: hasher.combine(typeName)
        }
    }
}

extension Value {
    enum Order {
        case less, same, greater
        /// Of NaN.
        case none
    }

    /// How two numbers stand to each other; `nil` where one of the two is none.
    func numericOrder(_ other: Value) -> Order? {
        switch (self, other) {
        case (.int(let a), .int(let b)): Self.order(a, b)
        case (.uint(let a), .uint(let b)): Self.order(a, b)
        case (.double(let a), .double(let b)): Self.order(double: a, b)
        case (.int(let a), .uint(let b)): a < 0 ? .less : Self.order(UInt64(a), b)
        case (.uint(let a), .int(let b)): b < 0 ? .greater : Self.order(a, UInt64(b))
        // As doubles, although big whole numbers lose their last digits: so says the specification's test suite.
        case (.int(let a), .double(let b)): Self.order(double: Double(a), b)
        case (.uint(let a), .double(let b)): Self.order(double: Double(a), b)
        case (.double(let a), .int(let b)): Self.order(double: a, Double(b))
        case (.double(let a), .uint(let b)): Self.order(double: a, Double(b))
        default: nil
        }
    }

    private static func order<T: Comparable>(_ a: T, _ b: T) -> Order { a < b ? .less : a == b ? .same : .greater }

    private static func order(double a: Double, _ b: Double) -> Order {
        a.isNaN || b.isNaN ? .none : order(a, b)
    }

    /// How two values of one type that has an order stand to each other; `nil` for all others.
    func order(_ other: Value) -> Order? {
        switch (self, other) {
        case (.bool(let a), .bool(let b)): Self.order(a ? 1 : 0, b ? 1 : 0)
        // Bytes of UTF-8 stand in the order of their scalars.
        case (.string(let a), .string(let b)): Self.order(a.utf8, b.utf8)
        case (.bytes(let a), .bytes(let b)): Self.order(a, b)
        case (.duration(let a), .duration(let b)): Self.order(a, b)
        case (.timestamp(let a), .timestamp(let b)): Self.order(a, b)
        default: numericOrder(other)
        }
    }

    private static func order<S: Sequence>(_ a: S, _ b: S) -> Order where S.Element == UInt8 {
        a.elementsEqual(b) ? .same : a.lexicographicallyPrecedes(b) ? .less : .greater
    }
}
