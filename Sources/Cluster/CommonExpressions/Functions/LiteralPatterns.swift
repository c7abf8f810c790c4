import Patterns

/// Regular expressions that stand in an expression as texts are read with it: one that this server does not understand
/// is refused with the rule, not when the first object comes.
enum LiteralPatterns {
    static func check(_ expression: Expression) throws(CompileError) {
        if case .call(let name, let target, let arguments) = expression.node,
            ["matches", "find", "findAll"].contains(name),
            let pattern = target == nil ? arguments.dropFirst().first : arguments.first,
            case .literal(.string(let text)) = pattern.node
        {
            do throws(RegularExpression.Failure) {
                _ = try RegularExpression(text)
            } catch {
                throw CompileError("invalid matches argument: \(error)", at: pattern.offset)
            }
        }
        for child in expression.node.children { try check(child) }
    }
}
