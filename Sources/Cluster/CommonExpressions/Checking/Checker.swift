/// Finds what cannot be evaluated before anything is there to evaluate: unknown names, fields and functions, operators
/// between types that have none. What is `dyn` is left to the evaluation.
struct Checker {
    private var scope: [(name: String, type: ValueType)]
    /// The given variables that the expression uses.
    private(set) var used: Set<String> = []

    init(variables: [String: ValueType]) {
        scope = variables.map { ($0.key, $0.value) }
    }

    static let typeNames: Set<String> = [
        "int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type",
    ]

    mutating func check(_ expression: Expression) throws(CompileError) -> ValueType {
        switch expression.node {
        case .literal(let value): Self.type(of: value)
        case .identifier(let name): try identifier(name, at: expression.offset)
        case .select(let operand, let field, let isOptional):
            try select(operand, field, isOptional: isOptional, at: expression.offset)
        case .has(let operand, let field): try has(operand, field, at: expression.offset)
        case .index(let operand, let place, let isOptional):
            try index(operand, place, isOptional: isOptional, at: expression.offset)
        case .call(let name, let target, let arguments):
            try call(name, target: target, arguments, at: expression.offset)
        case .list(let elements): try list(elements)
        case .map(let entries): try map(entries)
        case .all(let operands): try logic(operands, "_&&_")
        case .any(let operands): try logic(operands, "_||_")
        case .not(let operand): try logic([operand], "!_")
        case .negate(let operand): try negate(operand, at: expression.offset)
        case .binary(let symbol, let left, let right): try binary(symbol, left, right, at: expression.offset)
        case .conditional(let condition, let yes, let no):
            try conditional(condition, yes, no, at: expression.offset)
        case .comprehension(let macro): try comprehension(macro, at: expression.offset)
        }
    }

    private static func type(of literal: Value) -> ValueType {
        switch literal {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .dyn
        }
    }

    private mutating func identifier(_ name: String, at offset: Int) throws(CompileError) -> ValueType {
        if let variable = scope.last(where: { $0.name == name }) {
            used.insert(name)
            return variable.type
        }
        if Self.typeNames.contains(name) { return .type }
        throw CompileError("undeclared reference to '\(name)' (in container '')", at: offset)
    }

    // MARK: - Fields and elements

    private mutating func select(
        _ operand: Expression, _ field: String, isOptional: Bool, at offset: Int
    ) throws(CompileError) -> ValueType {
        let type = try check(operand)
        if case .optional(let inner) = type { return .optional(try member(field, of: inner, at: offset)) }
        let found = try member(field, of: type, at: offset)
        return isOptional ? .optional(found) : found
    }

    private mutating func has(
        _ operand: Expression, _ field: String, at offset: Int
    ) throws(CompileError) -> ValueType {
        var type = try check(operand)
        if case .optional(let inner) = type { type = inner }
        _ = try member(field, of: type, at: offset)
        return .bool
    }

    private func member(_ field: String, of type: ValueType, at offset: Int) throws(CompileError) -> ValueType {
        switch type {
        case .dyn: return .dyn
        case .object(let object):
            guard let found = object.fields[field] else {
                throw CompileError("undefined field '\(field)'", at: offset)
            }
            return found
        case .map(let key, let value) where key.accepts(.string): return value
        default: throw CompileError("type '\(type)' does not support field selection", at: offset)
        }
    }

    private mutating func index(
        _ operand: Expression, _ place: Expression, isOptional: Bool, at offset: Int
    ) throws(CompileError) -> ValueType {
        var type = try check(operand)
        let index = try check(place)
        var isOptional = isOptional
        if case .optional(let inner) = type {
            type = inner
            isOptional = true
        }
        let element: ValueType
        switch type {
        case .dyn: element = .dyn
        case .list(let inner) where index.isNumeric: element = inner
        case .map(let key, let value) where key.accepts(index) || (key.isNumeric && index.isNumeric): element = value
        default: throw noOverload("_[_]", [type, index], at: offset)
        }
        return isOptional ? .optional(element) : element
    }

    // MARK: - Literals

    private mutating func list(_ elements: [Expression.Element]) throws(CompileError) -> ValueType {
        var type: ValueType?
        for element in elements {
            let found = try optionalUnwrapped(try check(element.value), element.isOptional, at: element.value.offset)
            type = Self.joined(type, found)
        }
        return .list(type ?? .dyn)
    }

    private mutating func map(_ entries: [Expression.Entry]) throws(CompileError) -> ValueType {
        var keys: ValueType?
        var values: ValueType?
        for entry in entries {
            let key = try check(entry.key)
            guard [.dyn, .bool, .int, .uint, .string].contains(key) else {
                throw CompileError("unsupported key type: \(key)", at: entry.key.offset)
            }
            keys = Self.joined(keys, key)
            let value = try optionalUnwrapped(try check(entry.value), entry.isOptional, at: entry.value.offset)
            values = Self.joined(values, value)
        }
        return .map(keys ?? .dyn, values ?? .dyn)
    }

    private func optionalUnwrapped(
        _ type: ValueType, _ isOptional: Bool, at offset: Int
    ) throws(CompileError) -> ValueType {
        guard isOptional else { return type }
        switch type {
        case .optional(let inner): return inner
        case .dyn: return .dyn
        default: throw CompileError("expected type 'optional_type' but found '\(type)'", at: offset)
        }
    }

    /// Elements of different types make a list of anything.
    private static func joined(_ type: ValueType?, _ next: ValueType) -> ValueType {
        guard let type else { return next }
        return type.joined(next) ?? .dyn
    }

    // MARK: - Macros

    private mutating func comprehension(
        _ macro: Expression.Comprehension, at offset: Int
    ) throws(CompileError) -> ValueType {
        let range = try check(macro.range)
        let types = try variables(of: macro, over: range, at: offset)
        scope += zip(macro.variables, types).map { ($0, $1) }
        defer { scope.removeLast(macro.variables.count) }
        if let condition = macro.condition { try require(.bool, condition) }
        let body = try check(macro.body)
        switch macro.kind {
        case .all, .exists, .existsOne, .filter:
            guard ValueType.bool.accepts(body) else {
                throw CompileError("expected type 'bool' but found '\(body)'", at: macro.body.offset)
            }
            return macro.kind == .filter ? .list(types[0]) : .bool
        case .map, .transformList: return .list(body)
        case .transformMap: return .map(types[0], body)
        case .optMap: return .optional(body)
        case .optFlatMap: return body
        }
    }

    private func variables(
        of macro: Expression.Comprehension, over range: ValueType, at offset: Int
    ) throws(CompileError) -> [ValueType] {
        let hasTwo = macro.variables.count == 2
        switch (macro.kind, range) {
        case (_, .dyn): return hasTwo ? [.dyn, .dyn] : [.dyn]
        case (.optMap, .optional(let inner)), (.optFlatMap, .optional(let inner)): return [inner]
        case (.optMap, _), (.optFlatMap, _): break
        case (_, .list(let element)): return hasTwo ? [.int, element] : [element]
        case (_, .map(let key, let value)): return hasTwo ? [key, value] : [key]
        default: break
        }
        throw CompileError(
            "expression of type '\(range)' cannot be range of a comprehension (must be list, map, or dynamic)",
            at: offset)
    }

    mutating func require(_ wanted: ValueType, _ expression: Expression) throws(CompileError) {
        let found = try check(expression)
        guard wanted.accepts(found) else {
            throw CompileError("expected type '\(wanted)' but found '\(found)'", at: expression.offset)
        }
    }

    func noOverload(_ name: String, _ types: [ValueType], at offset: Int) -> CompileError {
        let list = types.map(\.description).joined(separator: ", ")
        return CompileError("found no matching overload for '\(name)' applied to '(\(list))'", at: offset)
    }
}
