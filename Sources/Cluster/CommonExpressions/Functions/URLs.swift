extension Functions {
    static let urls: Table = [
        "url": [
            .function(.string, gives: .url) { values in
                try present(URLValue(values[0].text).map { .url($0) }, "URL", values[0])
            }
        ],
        "isURL": [.function(.string, gives: .bool) { values in .bool(URLValue(values[0].text) != nil) }],
        "getScheme": [.method(.url, gives: .string) { values in .string(url(values[0]).scheme) }],
        "getHost": [.method(.url, gives: .string) { values in .string(url(values[0]).host) }],
        "getHostname": [.method(.url, gives: .string) { values in .string(url(values[0]).hostname) }],
        "getPort": [.method(.url, gives: .string) { values in .string(url(values[0]).port) }],
        "getEscapedPath": [.method(.url, gives: .string) { values in .string(url(values[0]).path) }],
        "getQuery": [
            .method(.url, gives: .map(.string, .list(.string))) { values in
                let query = url(values[0]).query.map { name, texts in
                    (Value.string(name), Value.list(texts.map { .string($0) }))
                }
                return .map(Dictionary(query, uniquingKeysWith: { first, _ in first }))
            }
        ],
    ]

    private static func url(_ value: Value) -> URLValue {
        guard case .url(let url) = value else { preconditionFailure("the overload asks for a URL") }
        return url
    }

    static let quantities: Table = [
        "quantity": [
            .function(.string, gives: .quantity) { values in
                try present(QuantityValue(values[0].text).map { .quantity($0) }, "quantity", values[0])
            }
        ],
        "isQuantity": [.function(.string, gives: .bool) { values in .bool(QuantityValue(values[0].text) != nil) }],
        "isInteger": [.method(.quantity, gives: .bool) { values in .bool(quantity(values[0]).integer != nil) }],
        "asInteger": [
            .method(.quantity, gives: .int) { values in
                guard let integer = quantity(values[0]).integer else {
                    throw EvaluationError("cannot convert value to integer")
                }
                return .int(integer)
            }
        ],
        "asApproximateFloat": [
            .method(.quantity, gives: .double) { values in .double(quantity(values[0]).approximate) }
        ],
        "sign": [.method(.quantity, gives: .int) { values in .int(Int64(quantity(values[0]).nanos.signum())) }],
        "isGreaterThan": [
            .method(.quantity, .quantity, gives: .bool) { values in .bool(quantity(values[0]) > quantity(values[1])) }
        ],
        "isLessThan": [
            .method(.quantity, .quantity, gives: .bool) { values in .bool(quantity(values[0]) < quantity(values[1])) }
        ],
        "compareTo": [
            .method(.quantity, .quantity, gives: .int) { values in
                .int(Int64((quantity(values[0]).nanos - quantity(values[1]).nanos).signum()))
            }
        ],
        "add": [
            .method(.quantity, .quantity, gives: .quantity) { values in try total(values[0], quantity(values[1]), 1) },
            .method(.quantity, .int, gives: .quantity) { values in try total(values[0], whole(values[1]), 1) },
        ],
        "sub": [
            .method(.quantity, .quantity, gives: .quantity) { values in try total(values[0], quantity(values[1]), -1) },
            .method(.quantity, .int, gives: .quantity) { values in try total(values[0], whole(values[1]), -1) },
        ],
    ]

    private static func quantity(_ value: Value) -> QuantityValue {
        guard case .quantity(let quantity) = value else { preconditionFailure("the overload asks for a quantity") }
        return quantity
    }

    private static func whole(_ value: Value) throws(EvaluationError) -> QuantityValue {
        guard let quantity = QuantityValue.whole(value.whole) else { throw EvaluationError("integer overflow") }
        return quantity
    }

    private static func total(
        _ a: Value, _ b: QuantityValue, _ sign: Int128
    ) throws(EvaluationError) -> Value {
        guard let sum = QuantityValue(nanos: quantity(a).nanos + sign * b.nanos) else {
            throw EvaluationError("quantity overflow")
        }
        return .quantity(sum)
    }
}
