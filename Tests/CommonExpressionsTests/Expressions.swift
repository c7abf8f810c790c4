import CommonExpressions
import Testing

/// Evaluates an expression without variables, as Kubernetes would with enough budget.
func value(
    of source: String, _ variables: [String: Value] = [:], types: [String: ValueType] = [:]
) throws -> Value {
    let declared = types.isEmpty ? variables.mapValues { _ in ValueType.dyn } : types
    let program = try Program(source, variables: declared, result: .dyn)
    var budget: UInt64 = 10_000_000
    return try program.evaluate(variables, budget: &budget)
}

func failure(of source: String, _ variables: [String: Value] = [:]) throws -> String? {
    do {
        _ = try value(of: source, variables)
        return nil
    } catch let error as EvaluationError {
        return error.description
    }
}

func refusal(of source: String, _ types: [String: ValueType] = [:], result: ValueType = .dyn) -> String? {
    do {
        _ = try Program(source, variables: types, result: result)
        return nil
    } catch {
        return error.message
    }
}
