import KubernetesModel

/// Compares an object with its schema: fields nobody knows, and values of the wrong type.
struct ShapeWalker {
    private(set) var unknown: [String] = []
    private(set) var mismatch: (path: String, found: String, wanted: String)?

    /// Deeper than any object of the built-in kinds.
    static let maximumDepth = 200

    mutating func walk(_ value: JSONValue, _ node: SchemaNode, at path: String, depth: Int) {
        guard depth < Self.maximumDepth, !value.isNull else { return }
        switch node {
        case .any: return
        case .scalar(let type): check(value, type, at: path)
        case .named, .structure: walkMembers(value, node, at: path, depth: depth)
        case .map(let element, _):
            guard let members = value.object else { return report(value, "map", at: path) }
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                walk(member, element, at: Self.join(path, key), depth: depth + 1)
            }
        case .list(let element, _):
            guard let elements = value.array else { return report(value, "slice", at: path) }
            for (index, member) in elements.enumerated() {
                walk(member, element, at: "\(path)[\(index)]", depth: depth + 1)
            }
        }
    }

    private mutating func walkMembers(_ value: JSONValue, _ node: SchemaNode, at path: String, depth: Int) {
        guard let members = value.object else { return report(value, "object", at: path) }
        for (key, member) in members.sorted(by: { $0.key < $1.key }) {
            if let next = node.member(key) {
                walk(member, next, at: Self.join(path, key), depth: depth + 1)
            } else {
                unknown.append(Self.join(path, key))
            }
        }
    }

    private mutating func check(_ value: JSONValue, _ type: ScalarType, at path: String) {
        let fits =
            switch (type, value) {
            case (.string, .string), (.time, .string), (.bytes, .string), (.bool, .bool), (.int64, .integer): true
            case (.int, .integer(let number)): Int32(exactly: number) != nil
            case (.number, .integer), (.number, .double): true
            case (.quantity, .string), (.quantity, .integer), (.quantity, .double): true
            case (.intOrString, .integer), (.intOrString, .string): true
            default: false
            }
        if !fits { report(value, Self.goName(type), at: path) }
    }

    private mutating func report(_ value: JSONValue, _ wanted: String, at path: String) {
        guard mismatch == nil else { return }
        let found =
            switch value {
            case .null: "null"
            case .bool: "bool"
            case .integer, .double: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        mismatch = (path, found, wanted)
    }

    private static func goName(_ type: ScalarType) -> String {
        switch type {
        case .int: "int32"
        case .number: "float64"
        case .time: "v1.Time"
        case .bytes: "[]uint8"
        case .quantity: "resource.Quantity"
        case .intOrString: "intstr.IntOrString"
        case .string, .int64, .bool: type.rawValue
        }
    }

    private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// Drops what a typed server would not have read.
enum ShapePruning {
    static func pruned(_ value: JSONValue, _ node: SchemaNode, depth: Int) -> JSONValue {
        guard depth < ShapeWalker.maximumDepth else { return value }
        switch (node, value) {
        case (.named, .object(let members)), (.structure, .object(let members)):
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.compactMap { key, member in
                        guard !member.isNull, let next = node.member(key) else { return nil }
                        return (key, pruned(member, next, depth: depth + 1))
                    }))
        case (.map(let element, _), .object(let members)):
            return .object(
                members.filter { !$0.value.isNull }.mapValues { pruned($0, element, depth: depth + 1) })
        case (.list(let element, _), .array(let elements)):
            return .array(elements.map { pruned($0, element, depth: depth + 1) })
        default: return value
        }
    }
}
