/// Reads an expression (CEL specification, "Syntax"). Recursive descent; its depth, and that of the tree, is bounded.
struct Parser {
    /// Trees as deep as this are refused.
    static let maxDepth = 100
    /// Bytes of an expression's text.
    static let maxLength = 16_384

    var tokens: [Token]
    var index = 0
    private var nesting = 0

    static func parse(_ text: String) throws(CompileError) -> Expression {
        guard text.utf8.count <= maxLength else {
            throw CompileError("an expression may not be longer than \(maxLength) bytes", at: 0)
        }
        var parser = Parser(tokens: try Lexer.tokens(of: text))
        let expression = try parser.expression()
        guard parser.current.kind == .end else { throw parser.unexpected() }
        return expression
    }

    private init(tokens: [Token]) { self.tokens = tokens }

    var current: Token { tokens[index] }

    func isNext(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

    mutating func skip(_ symbol: String) -> Bool {
        guard isNext(symbol) else { return false }
        index += 1
        return true
    }

    mutating func require(_ symbol: String) throws(CompileError) {
        guard skip(symbol) else { throw unexpected(wanted: symbol) }
    }

    func unexpected(wanted: String? = nil) -> CompileError {
        let wish = wanted.map { ", expected '\($0)'" } ?? ""
        return CompileError("Syntax error: unexpected '\(current.text)'\(wish)", at: current.offset)
    }

    /// Every node is made here, so that none is too deep.
    func make(_ node: Expression.Node, at offset: Int) throws(CompileError) -> Expression {
        let expression = Expression(node, at: offset)
        guard expression.depth <= Self.maxDepth else {
            throw CompileError("an expression may not be nested deeper than \(Self.maxDepth) levels", at: offset)
        }
        return expression
    }

    // MARK: - Operators, from the weakest

    mutating func expression() throws(CompileError) -> Expression {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maxDepth / 2 else {
            throw CompileError(
                "an expression may not be nested deeper than \(Self.maxDepth / 2) levels", at: current.offset)
        }
        let condition = try disjunction()
        let offset = current.offset
        guard skip("?") else { return condition }
        let yes = try disjunction()
        try require(":")
        let no = try expression()
        return try make(.conditional(condition, yes, no), at: offset)
    }

    private mutating func disjunction() throws(CompileError) -> Expression {
        let first = try conjunction()
        guard isNext("||") else { return first }
        var operands = [first]
        let offset = current.offset
        while skip("||") { operands.append(try conjunction()) }
        return try make(.any(operands), at: offset)
    }

    private mutating func conjunction() throws(CompileError) -> Expression {
        let first = try binary(0)
        guard isNext("&&") else { return first }
        var operands = [first]
        let offset = current.offset
        while skip("&&") { operands.append(try binary(0)) }
        return try make(.all(operands), at: offset)
    }

    private static let levels: [Set<String>] = [
        ["<", "<=", ">", ">=", "==", "!=", "in"], ["+", "-"], ["*", "/", "%"],
    ]

    /// Operators of one level and stronger ones; all associate to the left.
    private mutating func binary(_ level: Int) throws(CompileError) -> Expression {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        while let name = operatorName, Self.levels[level].contains(name),
            let symbol = Expression.Operator(rawValue: name)
        {
            let offset = current.offset
            index += 1
            let right = try binary(level + 1)
            left = try make(.binary(symbol, left, right), at: offset)
        }
        return left
    }

    private var operatorName: String? {
        switch current.kind {
        case .symbol(let text): text
        case .identifier("in"): "in"
        default: nil
        }
    }

    private mutating func unary() throws(CompileError) -> Expression {
        let offset = current.offset
        if isNext("!") {
            var count = 0
            while skip("!") { count += 1 }
            var operand = try member()
            // Kept once or twice, so that the operand is still asked to be a bool.
            for _ in 0..<(count % 2 == 1 ? 1 : 2) { operand = try make(.not(operand), at: offset) }
            return operand
        }
        guard isNext("-") else { return try member() }
        var count = 0
        while isNext("-") {
            count += 1
            // The least int has no positive twin.
            if case .int(let value) = tokens[index + 1].kind {
                index += 2
                let literal = try literal(negative: value, at: offset)
                return try negated(try member(of: literal), times: count - 1, at: offset)
            }
            index += 1
        }
        return try negated(try member(), times: count, at: offset)
    }

    private func negated(
        _ operand: Expression, times: Int, at offset: Int
    ) throws(CompileError) -> Expression {
        var operand = operand
        for _ in 0..<(times == 0 ? 0 : times % 2 == 1 ? 1 : 2) { operand = try make(.negate(operand), at: offset) }
        return operand
    }

    private func literal(negative value: UInt64, at offset: Int) throws(CompileError) -> Expression {
        guard value <= UInt64(Int64.max) + 1 else { throw CompileError("invalid int literal", at: offset) }
        return try make(.literal(.int(Int64(truncatingIfNeeded: 0 &- value))), at: offset)
    }
}
