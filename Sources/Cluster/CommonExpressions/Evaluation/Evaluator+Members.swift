extension Evaluator {
    // MARK: - Fields and elements

    mutating func select(
        _ operand: Expression, _ field: String, isOptional: Bool
    ) throws(EvaluationError) -> Value {
        let value = try evaluate(operand)
        if case .optional(let inner) = value {
            return .optional(try inner.flatMap { value throws(EvaluationError) in try member(field, of: value) })
        }
        let found = try member(field, of: value)
        if isOptional { return .optional(found) }
        guard let found else { throw EvaluationError("no such key: \(field)") }
        return found
    }

    mutating func has(_ operand: Expression, _ field: String) throws(EvaluationError) -> Value {
        let value = try evaluate(operand)
        if case .optional(let inner) = value {
            guard let inner else { return .bool(false) }
            return .bool(try member(field, of: inner) != nil)
        }
        return .bool(try member(field, of: value) != nil)
    }

    private func member(_ field: String, of value: Value) throws(EvaluationError) -> Value? {
        switch value {
        case .object(let members): return members[field]
        case .map(let members): return members[.string(field)]
        default: throw .noOverload
        }
    }

    mutating func index(
        _ operand: Expression, _ place: Expression, isOptional: Bool
    ) throws(EvaluationError) -> Value {
        let value = try evaluate(operand)
        let place = try evaluate(place)
        switch value {
        case .optional(nil): return .optional(nil)
        case .optional(let inner?): return .optional(try element(of: inner, at: place))
        default: break
        }
        let found = try element(of: value, at: place)
        if isOptional { return .optional(found) }
        guard let found else {
            if case .list = value { throw EvaluationError("index out of bounds: \(place.printed)") }
            throw EvaluationError("no such key: \(place.printed)")
        }
        return found
    }

    private func element(of value: Value, at place: Value) throws(EvaluationError) -> Value? {
        switch value {
        case .list(let list):
            guard let index = place.wholeNumber else { throw EvaluationError("unsupported index value") }
            return list.elements.indices.contains(index) ? list.elements[index] : nil
        case .map(let members): return members[place]
        case .object(let members):
            guard case .string(let name) = place else { throw .noOverload }
            return members[name]
        default: throw .noOverload
        }
    }

    // MARK: - Literals

    mutating func list(_ elements: [Expression.Element]) throws(EvaluationError) -> Value {
        var values: [Value] = []
        for element in elements {
            let value = try evaluate(element.value)
            if element.isOptional {
                guard case .optional(let inner) = value else { throw .noOverload }
                if let inner { values.append(inner) }
            } else {
                values.append(value)
            }
        }
        return .list(values)
    }

    mutating func map(_ entries: [Expression.Entry]) throws(EvaluationError) -> Value {
        var members: [Value: Value] = [:]
        for entry in entries {
            let key = try evaluate(entry.key)
            var value: Value? = try evaluate(entry.value)
            if entry.isOptional {
                guard case .optional(let inner) = value else { throw .noOverload }
                value = inner
            }
            guard let value else { continue }
            guard key.isKey else { throw EvaluationError("unsupported key type: \(key.typeName)") }
            guard members.updateValue(value, forKey: key) == nil else {
                throw EvaluationError("Failed with repeated key: \(key.printed)")
            }
        }
        return .map(members)
    }
}

extension Value {
    /// A number without a fraction, of whatever type, that can be an index.
    var wholeNumber: Int? {
        switch self {
        case .int(let value): Int(exactly: value)
        case .uint(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    var isKey: Bool {
        switch self {
        case .bool, .int, .uint, .string: true
        default: false
        }
    }

    /// As an error shows it.
    var printed: String {
        switch self {
        case .string(let text): text
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .bool(let value): String(value)
        case .double(let value): NumberText.shortest(value)
        default: typeName
        }
    }
}
