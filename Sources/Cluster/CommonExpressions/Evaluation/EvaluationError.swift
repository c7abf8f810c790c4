/// Why an expression has no value. The words are cel-go's, for people who know them.
package struct EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    /// The expression costs more than it may; never absorbed by `&&`, `||` and their kind.
    package var isOverLimit = false

    init(_ description: String) { self.description = description }

    static let noOverload = EvaluationError("no such overload")
    static let overLimit: EvaluationError = {
        var error = EvaluationError("operation cancelled: actual cost limit exceeded")
        error.isOverLimit = true
        return error
    }()
}
