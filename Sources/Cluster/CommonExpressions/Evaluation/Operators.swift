/// Operators between two values that are there.
enum Operators {
    static func apply(_ symbol: Expression.Operator, _ a: Value, _ b: Value) throws(EvaluationError) -> Value {
        switch symbol {
        case .equal: return .bool(a == b)
        case .notEqual: return .bool(a != b)
        case .less: return .bool(try order(a, b) == .less)
        case .lessOrEqual: return .bool([.less, .same].contains(try order(a, b)))
        case .greater: return .bool(try order(a, b) == .greater)
        case .greaterOrEqual: return .bool([.greater, .same].contains(try order(a, b)))
        case .isIn: return .bool(try contains(b, a))
        case .add: return try sum(a, b)
        case .subtract: return try difference(a, b)
        case .multiply, .divide, .remainder: return try product(symbol, a, b)
        }
    }

    private static func order(_ a: Value, _ b: Value) throws(EvaluationError) -> Value.Order {
        guard let order = a.order(b) else { throw .noOverload }
        return order
    }

    private static func contains(_ container: Value, _ value: Value) throws(EvaluationError) -> Bool {
        switch container {
        case .list(let list): return list.elements.contains(value)
        case .map(let members): return members[value] != nil
        case .object(let members):
            guard case .string(let name) = value else { throw .noOverload }
            return members[name] != nil
        default: throw .noOverload
        }
    }

    static func negated(_ value: Value) throws(EvaluationError) -> Value {
        switch value {
        case .int(let value):
            guard value != .min else { throw EvaluationError("integer overflow") }
            return .int(-value)
        case .double(let value): return .double(-value)
        default: throw .noOverload
        }
    }

    private static func sum(_ a: Value, _ b: Value) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let a), .int(let b)): return .int(try checked(a.addingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)): return .uint(try checked(a.addingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a + b)
        case (.string(let a), .string(let b)): return .string(a + b)
        case (.bytes(let a), .bytes(let b)): return .bytes(a + b)
        case (.list(let a), .list(let b)): return .list(a.appending(b))
        case (.duration(let a), .duration(let b)):
            let sum = try checked(a.nanoseconds.addingReportingOverflow(b.nanoseconds))
            return .duration(DurationValue(nanoseconds: sum))
        case (.timestamp(let time), .duration(let duration)), (.duration(let duration), .timestamp(let time)):
            return try shifted(time, by: duration)
        default: throw .noOverload
        }
    }

    private static func difference(_ a: Value, _ b: Value) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let a), .int(let b)): return .int(try checked(a.subtractingReportingOverflow(b)))
        case (.uint(let a), .uint(let b)): return .uint(try checked(a.subtractingReportingOverflow(b)))
        case (.double(let a), .double(let b)): return .double(a - b)
        case (.duration(let a), .duration(let b)):
            let rest = try checked(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds))
            return .duration(DurationValue(nanoseconds: rest))
        case (.timestamp(let a), .timestamp(let b)):
            guard let distance = a.distance(from: b) else { throw EvaluationError("integer overflow") }
            return .duration(distance)
        case (.timestamp(let time), .duration(let duration)):
            let back = try checked(Int64(0).subtractingReportingOverflow(duration.nanoseconds))
            return try shifted(time, by: DurationValue(nanoseconds: back))
        default: throw .noOverload
        }
    }

    private static func shifted(_ time: TimestampValue, by duration: DurationValue) throws(EvaluationError) -> Value {
        guard let result = time.adding(duration) else { throw EvaluationError("timestamp overflow") }
        return .timestamp(result)
    }

    private static func product(
        _ symbol: Expression.Operator, _ a: Value, _ b: Value
    ) throws(EvaluationError) -> Value {
        switch (a, b) {
        case (.int(let a), .int(let b)): return .int(try whole(symbol, a, b))
        case (.uint(let a), .uint(let b)): return .uint(try whole(symbol, a, b))
        case (.double(let a), .double(let b)) where symbol != .remainder:
            return .double(symbol == .multiply ? a * b : a / b)
        default: throw .noOverload
        }
    }

    private static func whole<T: FixedWidthInteger>(
        _ symbol: Expression.Operator, _ a: T, _ b: T
    ) throws(EvaluationError) -> T {
        if symbol == .multiply { return try checked(a.multipliedReportingOverflow(by: b)) }
        guard b != 0 else { throw EvaluationError(symbol == .divide ? "division by zero" : "modulus by zero") }
        return try checked(
            symbol == .divide ? a.dividedReportingOverflow(by: b) : a.remainderReportingOverflow(dividingBy: b))
    }

    private static func checked<T: FixedWidthInteger>(
        _ result: (partialValue: T, overflow: Bool)
    ) throws(EvaluationError) -> T {
        guard !result.overflow else {
            throw EvaluationError(T.isSigned ? "integer overflow" : "unsigned integer overflow")
        }
        return result.partialValue
    }
}
