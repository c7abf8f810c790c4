/// One form of a function.
struct Overload: Sendable {
    /// Throws nothing but `EvaluationError`; said so in `call`, because closures do not infer it.
    typealias Body = @Sendable ([Value]) throws -> Value

    var isMethod: Bool
    /// The receiver first.
    var parameters: [ValueType]
    var result: @Sendable ([ValueType]) -> ValueType
    /// Called with values of the types of `parameters`, and as many.
    private var body: Body
    /// Beside the size of what it is given and what it gives.
    var extraCost: @Sendable ([Value]) -> UInt64 = { _ in 0 }

    func accepts(_ types: [ValueType]) -> Bool {
        types.count == parameters.count && zip(parameters, types).allSatisfy { $0.accepts($1) }
    }

    private init(
        isMethod: Bool, parameters: [ValueType], result: @escaping @Sendable ([ValueType]) -> ValueType,
        body: @escaping Body
    ) {
        self.isMethod = isMethod
        self.parameters = parameters
        self.result = result
        self.body = body
    }

    func call(_ values: [Value]) throws(EvaluationError) -> Value {
        do {
            return try body(values)
        } catch {
            throw (error as? EvaluationError) ?? EvaluationError("\(error)")
        }
    }

    static func function(
        _ parameters: ValueType..., gives result: ValueType, _ body: @escaping Body
    ) -> Overload {
        Overload(isMethod: false, parameters: parameters, result: { _ in result }, body: body)
    }

    static func method(
        _ parameters: ValueType..., gives result: ValueType, _ body: @escaping Body
    ) -> Overload {
        Overload(isMethod: true, parameters: parameters, result: { _ in result }, body: body)
    }

    func giving(_ result: @escaping @Sendable ([ValueType]) -> ValueType) -> Overload {
        var overload = self
        overload.result = result
        return overload
    }

    func costing(_ cost: @escaping @Sendable ([Value]) -> UInt64) -> Overload {
        var overload = self
        overload.extraCost = cost
        return overload
    }
}

/// All functions, by name.
enum Functions {
    typealias Table = [String: [Overload]]

    static let table: Table = [
        core, conversions, strings, lists, times, networks, urls, quantities, optionals, sets,
    ].reduce(into: [:]) { all, part in all.merge(part) { $0 + $1 } }

    /// Functions whose name has a dot in it, with how many arguments they take.
    static let spaced: [String: Int] = table.reduce(into: [:]) { all, entry in
        if entry.key.contains("."), let overload = entry.value.first { all[entry.key] = overload.parameters.count }
    }

    /// The longest text or list that a function makes.
    static let maxResult = 1 << 20

    static let core: Table = [
        "size": [
            .function(.string, gives: .int, size), .function(.bytes, gives: .int, size),
            .function(.list(.dyn), gives: .int, size), .function(.map(.dyn, .dyn), gives: .int, size),
            .method(.string, gives: .int, size), .method(.bytes, gives: .int, size),
            .method(.list(.dyn), gives: .int, size), .method(.map(.dyn, .dyn), gives: .int, size),
        ],
        "type": [.function(.dyn, gives: .type) { values in .type(values[0].typeName) }],
        "dyn": [.function(.dyn, gives: .dyn) { values in values[0] }],
    ]

    private static func size(_ values: [Value]) throws(EvaluationError) -> Value {
        switch values[0] {
        case .string(let text): .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): .int(Int64(bytes.count))
        case .list(let list): .int(Int64(list.elements.count))
        case .map(let members): .int(Int64(members.count))
        case .object(let members): .int(Int64(members.count))
        default: throw .noOverload
        }
    }
}

/// What the bodies of functions are given, already known to be of the right type.
extension Value {
    var text: String { if case .string(let text) = self { text } else { "" } }
    var whole: Int64 { if case .int(let value) = self { value } else { 0 } }
    var elements: [Value] { if case .list(let list) = self { list.elements } else { [] } }
    var scalars: [Unicode.Scalar] { Array(text.unicodeScalars) }

    static func string(_ scalars: some Sequence<Unicode.Scalar>) -> Value {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return .string(String(view))
    }
}
