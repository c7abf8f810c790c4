/// An expression as a tree.
struct Expression: Sendable {
    indirect enum Node: Sendable {
        case literal(Value)
        case identifier(String)
        case select(Expression, field: String, isOptional: Bool)
        /// `has(a.b)`.
        case has(Expression, field: String)
        case index(Expression, Expression, isOptional: Bool)
        /// A function, a method where there is a `target`.
        case call(String, target: Expression?, arguments: [Expression])
        case list([Element])
        case map([Entry])
        case all([Expression])
        case any([Expression])
        case not(Expression)
        case negate(Expression)
        case binary(Operator, Expression, Expression)
        case conditional(Expression, Expression, Expression)
        case comprehension(Comprehension)
    }

    struct Element: Sendable {
        var value: Expression
        /// `[?x]`: left out where `x` is an optional without a value.
        var isOptional = false
    }

    struct Entry: Sendable {
        var key: Expression
        var value: Expression
        var isOptional = false
    }

    enum Operator: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case remainder = "%"
    }

    /// A macro that looks at every element (`optMap` and `optFlatMap`: at what an optional holds).
    struct Comprehension: Sendable {
        enum Kind: String, Sendable {
            case all, exists
            case existsOne = "exists_one"
            case filter, map, transformList, transformMap, optMap, optFlatMap
        }

        var kind: Kind
        var range: Expression
        /// The element (of a map: its key), or index and element (key and value).
        var variables: [String]
        /// Of `map`, `transformList` and `transformMap` with three arguments.
        var condition: Expression?
        var body: Expression
    }

    var node: Node
    /// Of its first scalar in the text, or of its operator.
    var offset: Int
    /// How deep the tree is.
    var depth: Int

    init(_ node: Node, at offset: Int) {
        self.node = node
        self.offset = offset
        depth = 1 + (node.children.map(\.depth).max() ?? 0)
    }
}

extension Expression.Node {
    var children: [Expression] {
        switch self {
        case .literal, .identifier: []
        case .select(let operand, _, _), .has(let operand, _), .not(let operand), .negate(let operand): [operand]
        case .index(let operand, let index, _): [operand, index]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .all(let operands), .any(let operands): operands
        case .binary(_, let left, let right): [left, right]
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .comprehension(let macro): [macro.range, macro.body] + (macro.condition.map { [$0] } ?? [])
        }
    }
}
