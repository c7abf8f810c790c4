/// An expression of the Common Expression Language (github.com/google/cel-spec), read and checked: the language of
/// Kubernetes' `x-kubernetes-validations`.
///
/// It has Kubernetes' libraries for lists, strings, regular expressions, URLs, IP addresses, CIDRs, quantities, sets and
/// optional values. Left out, and refused when an expression is read: messages, `format`, `semver`, authorisation,
/// names of time zones, and what `Patterns` leaves out of RE2.
package struct Program: Sendable {
    private let expression: Expression
    /// The declared variables that the expression uses.
    package let usedVariables: Set<String>

    /// What a rule may cost when it is evaluated, as in Kubernetes (`PerCallLimit`).
    package static let costLimit: UInt64 = 1_000_000

    /// Reads and checks `source`, whose value must be of type `result`.
    package init(
        _ source: String, variables: [String: ValueType], result: ValueType
    ) throws(CompileError) {
        do throws(CompileError) {
            expression = try Parser.parse(source)
            var checker = Checker(variables: variables)
            let type = try checker.check(expression)
            guard result.accepts(type) else {
                throw CompileError("must evaluate to \(result), but is \(type)", at: 0)
            }
            usedVariables = checker.used
            try LiteralPatterns.check(expression)
        } catch {
            throw error.located(in: source)
        }
    }

    /// The value, and takes what it cost from `budget`. Fails when it costs more than `costLimit` or the budget.
    package func evaluate(
        _ variables: [String: Value], budget: inout UInt64
    ) throws(EvaluationError) -> Value {
        var evaluator = Evaluator(variables: variables, limit: min(budget, Self.costLimit))
        defer { budget -= min(budget, evaluator.cost) }
        return try evaluator.evaluate(expression)
    }
}
