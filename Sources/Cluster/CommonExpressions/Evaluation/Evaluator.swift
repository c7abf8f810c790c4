/// Evaluates a checked expression. Every step costs; long texts and lists cost by their size.
struct Evaluator {
    private var scope: [(name: String, value: Value)]
    private(set) var cost: UInt64 = 0
    private let limit: UInt64

    init(variables: [String: Value], limit: UInt64) {
        scope = variables.map { ($0.key, $0.value) }
        self.limit = limit
    }

    mutating func charge(_ amount: UInt64) throws(EvaluationError) {
        let (sum, overflow) = cost.addingReportingOverflow(amount)
        cost = overflow ? .max : sum
        guard cost <= limit else { throw .overLimit }
    }

    /// Charges for looking at all of a value.
    mutating func charge(for value: Value) throws(EvaluationError) {
        try charge(value.weight(limit: limit - cost + 1))
    }

    mutating func evaluate(_ expression: Expression) throws(EvaluationError) -> Value {
        try charge(1)
        switch expression.node {
        case .literal(let value): return value
        case .identifier(let name): return try identifier(name)
        case .select(let operand, let field, let isOptional):
            return try select(operand, field, isOptional: isOptional)
        case .has(let operand, let field): return try has(operand, field)
        case .index(let operand, let place, let isOptional):
            return try index(operand, place, isOptional: isOptional)
        case .call(let name, let target, let arguments): return try call(name, target, arguments)
        case .list(let elements): return try list(elements)
        case .map(let entries): return try map(entries)
        case .all(let operands): return try logic(operands, decisive: false)
        case .any(let operands): return try logic(operands, decisive: true)
        case .not(let operand): return .bool(!(try truth(operand)))
        case .negate(let operand): return try Operators.negated(try evaluate(operand))
        case .binary(let symbol, let left, let right): return try binary(symbol, left, right)
        case .conditional(let condition, let yes, let no):
            return try truth(condition) ? try evaluate(yes) : try evaluate(no)
        case .comprehension(let macro): return try comprehension(macro)
        }
    }

    private func identifier(_ name: String) throws(EvaluationError) -> Value {
        if let variable = scope.last(where: { $0.name == name }) { return variable.value }
        if Checker.typeNames.contains(name) { return .type(name) }
        throw EvaluationError("no such attribute(s): \(name)")
    }

    func truth(of value: Value) throws(EvaluationError) -> Bool {
        guard case .bool(let truth) = value else { throw .noOverload }
        return truth
    }

    mutating func truth(_ expression: Expression) throws(EvaluationError) -> Bool {
        try truth(of: try evaluate(expression))
    }

    /// An operand that decides the answer makes the errors of the others unimportant, whatever their order.
    private mutating func logic(_ operands: [Expression], decisive: Bool) throws(EvaluationError) -> Value {
        var failure: EvaluationError?
        for operand in operands {
            switch try outcome(operand) {
            case .success(decisive): return .bool(decisive)
            case .success: continue
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    /// The truth of an expression or its error; only running out of budget is thrown.
    mutating func outcome(_ expression: Expression) throws(EvaluationError) -> Result<Bool, EvaluationError> {
        do throws(EvaluationError) {
            return .success(try truth(expression))
        } catch {
            if error.isOverLimit { throw error }
            return .failure(error)
        }
    }

    mutating func binary(
        _ symbol: Expression.Operator, _ left: Expression, _ right: Expression
    ) throws(EvaluationError) -> Value {
        let a = try evaluate(left)
        let b = try evaluate(right)
        if symbol != .isIn { try charge(for: a) }
        try charge(for: b)
        return try Operators.apply(symbol, a, b)
    }

    private mutating func call(
        _ name: String, _ target: Expression?, _ arguments: [Expression]
    ) throws(EvaluationError) -> Value {
        var values: [Value] = []
        // `or` and `orValue` look at their argument only if they need it.
        if let target {
            values.append(try evaluate(target))
            if name == "or" || name == "orValue", case .optional(let value?) = values[0] {
                return name == "or" ? values[0] : value
            }
        }
        for argument in arguments { values.append(try evaluate(argument)) }
        for value in values { try charge(for: value) }
        let overload = Functions.table[name]?.first { overload in
            overload.isMethod == (target != nil) && overload.parameters.count == values.count
                && zip(overload.parameters, values).allSatisfy { $0.accepts($1) }
        }
        guard let overload else { throw EvaluationError("no such overload: \(name)") }
        try charge(overload.extraCost(values))
        let result = try overload.call(values)
        try charge(for: result)
        return result
    }

    /// Evaluates with more variables in scope.
    mutating func with<Answer>(
        _ names: [String], _ values: [Value], _ body: (inout Evaluator) throws(EvaluationError) -> Answer
    ) throws(EvaluationError) -> Answer {
        scope += zip(names, values).map { ($0, $1) }
        defer { scope.removeLast(names.count) }
        return try body(&self)
    }
}

extension Value {
    /// About how long it takes to look at all of it, in tens of bytes and elements; not looked at further than `limit`.
    func weight(limit: UInt64) -> UInt64 {
        switch self {
        case .string(let text): return UInt64(text.utf8.count / 10)
        case .bytes(let bytes): return UInt64(bytes.count / 10)
        case .list(let list):
            let count = UInt64(list.elements.count)
            // Lists without an order are compared each with each.
            return Self.weight(list.topology == .atomic ? count : count * count, list.elements, limit: limit)
        case .map(let members): return Self.weight(UInt64(members.count), members.values, limit: limit)
        case .object(let members): return Self.weight(UInt64(members.count), members.values, limit: limit)
        case .optional(let value): return value?.weight(limit: limit) ?? 0
        default: return 0
        }
    }

    private static func weight(_ own: UInt64, _ parts: some Sequence<Value>, limit: UInt64) -> UInt64 {
        var weight = own
        for part in parts {
            guard weight <= limit else { return weight }
            weight += part.weight(limit: limit - weight)
        }
        return weight
    }
}
