extension Functions {
    static let lists: Table = [
        "isSorted": [.method(.list(.dyn), gives: .bool) { values in .bool(try isSorted(values[0].elements)) }],
        "sum": [.method(.list(.dyn), gives: .dyn) { values in try sum(values[0].elements) }.giving(element)],
        "min": [.method(.list(.dyn), gives: .dyn) { values in try extreme(values[0].elements, .less) }.giving(element)],
        "max": [
            .method(.list(.dyn), gives: .dyn) { values in try extreme(values[0].elements, .greater) }.giving(element)
        ],
        "indexOf": [
            .method(.list(.dyn), .dyn, gives: .int) { values in
                .int(Int64(values[0].elements.firstIndex(of: values[1]) ?? -1))
            }
        ],
        "lastIndexOf": [
            .method(.list(.dyn), .dyn, gives: .int) { values in
                .int(Int64(values[0].elements.lastIndex(of: values[1]) ?? -1))
            }
        ],
    ]

    @Sendable private static func element(_ types: [ValueType]) -> ValueType {
        if case .list(let element) = types[0] { element } else { .dyn }
    }

    private static func isSorted(_ elements: [Value]) throws(EvaluationError) -> Bool {
        for (a, b) in zip(elements, elements.dropFirst()) {
            guard let order = a.order(b) else { throw .noOverload }
            if order == .greater { return false }
        }
        return true
    }

    private static func sum(_ elements: [Value]) throws(EvaluationError) -> Value {
        guard var total = elements.first else { return .int(0) }
        for element in elements.dropFirst() { total = try Operators.apply(.add, total, element) }
        return total
    }

    private static func extreme(_ elements: [Value], _ wanted: Value.Order) throws(EvaluationError) -> Value {
        guard var best = elements.first else {
            throw EvaluationError("\(wanted == .less ? "min" : "max") called on empty list")
        }
        for element in elements.dropFirst() {
            guard let order = element.order(best) else { throw .noOverload }
            if order == wanted { best = element }
        }
        return best
    }

    static let sets: Table = [
        "sets.contains": [
            .function(.list(.dyn), .list(.dyn), gives: .bool) { values in
                .bool(values[1].elements.allSatisfy { values[0].elements.contains($0) })
            }.costing(product)
        ],
        "sets.equivalent": [
            .function(.list(.dyn), .list(.dyn), gives: .bool) { values in
                let (a, b) = (values[0].elements, values[1].elements)
                return .bool(a.allSatisfy { b.contains($0) } && b.allSatisfy { a.contains($0) })
            }.costing(product)
        ],
        "sets.intersects": [
            .function(.list(.dyn), .list(.dyn), gives: .bool) { values in
                .bool(values[0].elements.contains { values[1].elements.contains($0) })
            }.costing(product)
        ],
    ]

    @Sendable private static func product(_ values: [Value]) -> UInt64 {
        UInt64(values[0].elements.count) * UInt64(values[1].elements.count)
    }

    static let optionals: Table = [
        "optional.of": [
            .function(.dyn, gives: .dyn) { values in .optional(values[0]) }.giving { .optional($0[0]) }
        ],
        "optional.none": [.function(gives: .optional(.dyn)) { _ in .optional(nil) }],
        "optional.ofNonZeroValue": [
            .function(.dyn, gives: .dyn) { values in .optional(values[0].isZero ? nil : values[0]) }
                .giving { .optional($0[0]) }
        ],
        "hasValue": [
            .method(.optional(.dyn), gives: .bool) { values in
                if case .optional(nil) = values[0] { .bool(false) } else { .bool(true) }
            }
        ],
        "value": [
            .method(.optional(.dyn), gives: .dyn) { values in
                guard case .optional(let value?) = values[0] else {
                    throw EvaluationError("optional.none() dereference")
                }
                return value
            }.giving(held)
        ],
        "or": [.method(.optional(.dyn), .optional(.dyn), gives: .dyn) { values in values[1] }.giving { $0[0] }],
        "orValue": [.method(.optional(.dyn), .dyn, gives: .dyn) { values in values[1] }.giving(held)],
    ]

    @Sendable private static func held(_ types: [ValueType]) -> ValueType {
        if case .optional(let inner) = types[0] { inner } else { .dyn }
    }
}

extension Value {
    /// What a value of its type is when nobody set it.
    fileprivate var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let value): value.isEmpty
        case .bytes(let value): value.isEmpty
        case .list(let value): value.elements.isEmpty
        case .map(let value): value.isEmpty
        case .object(let value): value.isEmpty
        case .duration(let value): value.nanoseconds == 0
        case .optional(let value): value == nil
        default: false
        }
    }
}
