extension Parser {
    private static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
        "namespace", "null", "package", "return", "true", "var", "void", "while",
    ]

    mutating func member() throws(CompileError) -> Expression { try member(of: try primary()) }

    /// Everything that hangs on `operand`: fields, methods, indexes.
    mutating func member(of operand: Expression) throws(CompileError) -> Expression {
        var operand = operand
        while true {
            let offset = current.offset
            if skip(".") {
                let isOptional = skip("?")
                operand = try field(of: operand, isOptional: isOptional, at: offset)
            } else if skip("[") {
                let isOptional = skip("?")
                let place = try expression()
                try require("]")
                operand = try make(.index(operand, place, isOptional: isOptional), at: offset)
            } else {
                return operand
            }
        }
    }

    private mutating func field(
        of operand: Expression, isOptional: Bool, at offset: Int
    ) throws(CompileError) -> Expression {
        let name: String
        switch current.kind {
        case .identifier(let word):
            // Other reserved words are fine behind a dot.
            guard !["in", "true", "false", "null"].contains(word) else { throw unexpected() }
            name = word
        case .quotedIdentifier(let word): name = word
        default: throw unexpected(wanted: "a field")
        }
        index += 1
        guard !isOptional, skip("(") else {
            return try make(.select(operand, field: name, isOptional: isOptional), at: offset)
        }
        let arguments = try list(until: ")")
        if let macro = try macro(name, on: operand, arguments, at: offset) { return macro }
        if case .identifier(let space) = operand.node, Functions.spaced["\(space).\(name)"] == arguments.count {
            return try make(.call("\(space).\(name)", target: nil, arguments: arguments), at: operand.offset)
        }
        return try make(.call(name, target: operand, arguments: arguments), at: offset)
    }

    private mutating func list(until end: String) throws(CompileError) -> [Expression] {
        var elements: [Expression] = []
        while !skip(end) {
            if !elements.isEmpty { try require(",") }
            elements.append(try expression())
        }
        return elements
    }

    private mutating func primary() throws(CompileError) -> Expression {
        let token = current
        switch token.kind {
        case .int(let value):
            guard let value = Int64(exactly: value) else { throw CompileError("invalid int literal", at: token.offset) }
            return try literal(.int(value))
        case .uint(let value): return try literal(.uint(value))
        case .double(let value): return try literal(.double(value))
        case .string(let value): return try literal(.string(value))
        case .bytes(let value): return try literal(.bytes(value))
        case .identifier(let name): return try word(name)
        case .symbol("("):
            index += 1
            let inner = try expression()
            try require(")")
            return inner
        case .symbol("["):
            index += 1
            return try listLiteral(at: token.offset)
        case .symbol("{"):
            index += 1
            return try mapLiteral(at: token.offset)
        case .symbol("."):
            // A name from the root: there is only one container.
            index += 1
            guard case .identifier(let name) = current.kind else { throw unexpected() }
            return try word(name)
        default: throw unexpected()
        }
    }

    private mutating func literal(_ value: Value) throws(CompileError) -> Expression {
        index += 1
        return try make(.literal(value), at: tokens[index - 1].offset)
    }

    private mutating func word(_ name: String) throws(CompileError) -> Expression {
        let offset = current.offset
        switch name {
        case "true": return try literal(.bool(true))
        case "false": return try literal(.bool(false))
        case "null": return try literal(.null)
        default: break
        }
        guard !Self.reserved.contains(name) else {
            throw CompileError("Syntax error: reserved identifier: \(name)", at: offset)
        }
        index += 1
        guard skip("(") else {
            if isNext("{") { throw CompileError("messages cannot be made here", at: current.offset) }
            return try make(.identifier(name), at: offset)
        }
        let arguments = try list(until: ")")
        if name == "has" { return try has(arguments, at: offset) }
        return try make(.call(name, target: nil, arguments: arguments), at: offset)
    }

    private func has(_ arguments: [Expression], at offset: Int) throws(CompileError) -> Expression {
        guard arguments.count == 1, case .select(let operand, let field, false) = arguments[0].node else {
            throw CompileError("invalid argument to has() macro", at: offset)
        }
        return try make(.has(operand, field: field), at: offset)
    }

    private mutating func listLiteral(at offset: Int) throws(CompileError) -> Expression {
        var elements: [Expression.Element] = []
        while !skip("]") {
            if !elements.isEmpty {
                try require(",")
                if skip("]") { break }
            }
            let isOptional = skip("?")
            elements.append(Expression.Element(value: try expression(), isOptional: isOptional))
        }
        return try make(.list(elements), at: offset)
    }

    private mutating func mapLiteral(at offset: Int) throws(CompileError) -> Expression {
        var entries: [Expression.Entry] = []
        while !skip("}") {
            if !entries.isEmpty {
                try require(",")
                if skip("}") { break }
            }
            let isOptional = skip("?")
            let key = try expression()
            try require(":")
            entries.append(Expression.Entry(key: key, value: try expression(), isOptional: isOptional))
        }
        return try make(.map(entries), at: offset)
    }

    // MARK: - Macros

    /// `all`, `exists` and their kind; `nil` where a method has another name or number of arguments.
    private func macro(
        _ name: String, on range: Expression, _ arguments: [Expression], at offset: Int
    ) throws(CompileError) -> Expression? {
        let kinds: [String: (kind: Expression.Comprehension.Kind, counts: ClosedRange<Int>)] = [
            "all": (.all, 2...3), "exists": (.exists, 2...3), "exists_one": (.existsOne, 2...3),
            "existsOne": (.existsOne, 2...3), "filter": (.filter, 2...2), "map": (.map, 2...3),
            "transformList": (.transformList, 3...4), "transformMap": (.transformMap, 3...4),
            "optMap": (.optMap, 2...2), "optFlatMap": (.optFlatMap, 2...2),
        ]
        guard let (kind, counts) = kinds[name], counts.contains(arguments.count) else { return nil }
        let hasTwo = [.all, .exists, .existsOne].contains(kind) ? arguments.count == 3 : counts == 3...4
        var variables: [String] = []
        for argument in arguments.prefix(hasTwo ? 2 : 1) {
            guard case .identifier(let variable) = argument.node else {
                throw CompileError("argument must be a simple name", at: argument.offset)
            }
            guard !variables.contains(variable) else {
                throw CompileError("duplicate variable name \(variable)", at: argument.offset)
            }
            variables.append(variable)
        }
        let rest = arguments.dropFirst(variables.count)
        guard let body = rest.last else { return nil }
        let macro = Expression.Comprehension(
            kind: kind, range: range, variables: variables, condition: rest.count == 2 ? rest.first : nil, body: body)
        return try make(.comprehension(macro), at: offset)
    }
}
