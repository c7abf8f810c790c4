extension Checker {
    mutating func logic(_ operands: [Expression], _ name: String) throws(CompileError) -> ValueType {
        for operand in operands {
            let type = try check(operand)
            guard ValueType.bool.accepts(type) else { throw noOverload(name, [type], at: operand.offset) }
        }
        return .bool
    }

    mutating func negate(_ operand: Expression, at offset: Int) throws(CompileError) -> ValueType {
        let type = try check(operand)
        guard [.int, .double, .dyn].contains(type) else { throw noOverload("-_", [type], at: offset) }
        return type
    }

    mutating func conditional(
        _ condition: Expression, _ yes: Expression, _ no: Expression, at offset: Int
    ) throws(CompileError) -> ValueType {
        let types = [try check(condition), try check(yes), try check(no)]
        guard ValueType.bool.accepts(types[0]), let joined = types[1].joined(types[2]) else {
            throw noOverload("_?_:_", types, at: offset)
        }
        return joined
    }

    mutating func binary(
        _ symbol: Expression.Operator, _ left: Expression, _ right: Expression, at offset: Int
    ) throws(CompileError) -> ValueType {
        let a = try check(left)
        let b = try check(right)
        guard let type = Self.result(of: symbol, a, b) else {
            let name = symbol == .isIn ? "@in" : "_\(symbol.rawValue)_"
            throw noOverload(name, [a, b], at: offset)
        }
        return type
    }

    /// The type of what an operator gives; `nil` where it does not exist between these types.
    private static func result(of symbol: Expression.Operator, _ a: ValueType, _ b: ValueType) -> ValueType? {
        switch symbol {
        case .equal, .notEqual:
            // Whether a field is null may always be asked.
            return a.accepts(b) || b.accepts(a) || a == .null || b == .null ? .bool : nil
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            let ordered: [ValueType] = [.bool, .string, .bytes, .duration, .timestamp, .dyn]
            let isSame = a.accepts(b) && (ordered.contains(a) || ordered.contains(b))
            return isSame || (a.isNumeric && b.isNumeric) ? .bool : nil
        case .isIn:
            switch b {
            case .list(let element): return element.accepts(a) || (a.isNumeric && element.isNumeric) ? .bool : nil
            case .map(let key, _): return key.accepts(a) || (a.isNumeric && key.isNumeric) ? .bool : nil
            default: return b == .dyn ? .bool : nil
            }
        case .add: return sum(a, b)
        case .subtract: return difference(a, b)
        case .multiply, .divide: return arithmetic(a, b, [.int, .uint, .double])
        case .remainder: return arithmetic(a, b, [.int, .uint])
        }
    }

    private static func arithmetic(_ a: ValueType, _ b: ValueType, _ allowed: [ValueType]) -> ValueType? {
        guard a.accepts(b) else { return nil }
        let known = a == .dyn ? b : a
        return known == .dyn || allowed.contains(known) ? known : nil
    }

    private static func sum(_ a: ValueType, _ b: ValueType) -> ValueType? {
        switch (a, b) {
        case (.timestamp, .duration), (.duration, .timestamp): .timestamp
        case (.duration, .dyn), (.dyn, .duration): .dyn
        case (.list, .list): a.joined(b)
        case (.list, .dyn), (.dyn, .list): .list(.dyn)
        default: arithmetic(a, b, [.int, .uint, .double, .string, .bytes, .duration])
        }
    }

    private static func difference(_ a: ValueType, _ b: ValueType) -> ValueType? {
        switch (a, b) {
        case (.timestamp, .timestamp): .duration
        case (.timestamp, .duration): .timestamp
        case (.timestamp, .dyn), (.dyn, .timestamp): .dyn
        default: arithmetic(a, b, [.int, .uint, .double, .duration])
        }
    }

    // MARK: - Functions

    mutating func call(
        _ name: String, target: Expression?, _ arguments: [Expression], at offset: Int
    ) throws(CompileError) -> ValueType {
        guard let overloads = Functions.table[name] else {
            throw CompileError("undeclared reference to '\(name)' (in container '')", at: offset)
        }
        var types: [ValueType] = []
        if let target { types.append(try check(target)) }
        for argument in arguments { types.append(try check(argument)) }
        let fitting = overloads.filter { $0.isMethod == (target != nil) && $0.accepts(types) }
        guard let first = fitting.first else {
            throw CompileError(noOverload(name, types, at: offset).message, at: offset)
        }
        let result = first.result(types)
        return fitting.dropFirst().allSatisfy { $0.result(types) == result } ? result : .dyn
    }
}
