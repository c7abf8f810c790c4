extension Evaluator {
    mutating func comprehension(_ macro: Expression.Comprehension) throws(EvaluationError) -> Value {
        let range = try evaluate(macro.range)
        switch macro.kind {
        case .optMap, .optFlatMap: return try optional(macro, range)
        case .all: return try quantified(macro, try rows(of: macro, range), decisive: false)
        case .exists: return try quantified(macro, try rows(of: macro, range), decisive: true)
        case .existsOne: return .bool(try count(macro, try rows(of: macro, range)) == 1)
        case .filter:
            var kept: [Value] = []
            for row in try rows(of: macro, range) where try isTrue(macro.body, macro, row) { kept.append(row[0]) }
            return .list(kept)
        case .map, .transformList:
            var results: [Value] = []
            for row in try rows(of: macro, range) {
                if let result = try transformed(macro, row) { results.append(result) }
            }
            return .list(results)
        case .transformMap:
            var results: [Value: Value] = [:]
            for row in try rows(of: macro, range) {
                if let result = try transformed(macro, row) { results[row[0]] = result }
            }
            return .map(results)
        }
    }

    /// What the variables are bound to, one time after the other.
    private mutating func rows(
        of macro: Expression.Comprehension, _ range: Value
    ) throws(EvaluationError) -> [[Value]] {
        let hasTwo = macro.variables.count == 2
        switch range {
        case .list(let list):
            try charge(UInt64(list.elements.count))
            return list.elements.enumerated().map { index, element in
                hasTwo ? [.int(Int64(index)), element] : [element]
            }
        case .map(let members):
            try charge(UInt64(members.count))
            // Any order is right; a stable one is kinder.
            return members.sorted { $0.key.printed < $1.key.printed }.map { hasTwo ? [$0.key, $0.value] : [$0.key] }
        default: throw .noOverload
        }
    }

    private mutating func isTrue(
        _ expression: Expression, _ macro: Expression.Comprehension, _ row: [Value]
    ) throws(EvaluationError) -> Bool {
        try with(macro.variables, row) { evaluator throws(EvaluationError) in try evaluator.truth(expression) }
    }

    /// `all` and `exists`: an element that decides the answer makes the errors of the others unimportant.
    private mutating func quantified(
        _ macro: Expression.Comprehension, _ rows: [[Value]], decisive: Bool
    ) throws(EvaluationError) -> Value {
        var failure: EvaluationError?
        for row in rows {
            let outcome = try with(macro.variables, row) { evaluator throws(EvaluationError) in
                try evaluator.outcome(macro.body)
            }
            switch outcome {
            case .success(decisive): return .bool(decisive)
            case .success: continue
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decisive)
    }

    private mutating func count(
        _ macro: Expression.Comprehension, _ rows: [[Value]]
    ) throws(EvaluationError) -> Int {
        var count = 0
        for row in rows where try isTrue(macro.body, macro, row) { count += 1 }
        return count
    }

    /// `nil` for what the condition leaves out.
    private mutating func transformed(
        _ macro: Expression.Comprehension, _ row: [Value]
    ) throws(EvaluationError) -> Value? {
        if let condition = macro.condition, !(try isTrue(condition, macro, row)) { return nil }
        return try with(macro.variables, row) { evaluator throws(EvaluationError) in
            try evaluator.evaluate(macro.body)
        }
    }

    private mutating func optional(
        _ macro: Expression.Comprehension, _ range: Value
    ) throws(EvaluationError) -> Value {
        guard case .optional(let inner) = range else { throw .noOverload }
        guard let inner else { return .optional(nil) }
        let result = try with(macro.variables, [inner]) { evaluator throws(EvaluationError) in
            try evaluator.evaluate(macro.body)
        }
        guard macro.kind == .optFlatMap else { return .optional(result) }
        guard case .optional = result else { throw .noOverload }
        return result
    }
}
