import KubernetesModel

/// What a value is to ownership: one thing, or something whose parts are owned apart. `null` counts as absent.
enum Granularity {
    case leaf
    case members([String: JSONValue])
    case elements([(element: PathElement, value: JSONValue)])

    init(_ value: JSONValue, _ node: SchemaNode) {
        switch value {
        case .object(let members) where !node.isAtomicObject && !node.isScalar:
            self = .members(members.filter { !$0.value.isNull })
        case .array(let elements):
            let (_, schema) = node.list
            if let named = Self.named(elements, schema) { self = .elements(named) } else { self = .leaf }
        default: self = .leaf
        }
    }

    /// The elements with what tells them apart; `nil` for atomic lists, and for lists in which elements cannot be told
    /// apart (a key missing, or twice), which are then owned as a whole.
    private static func named(
        _ elements: [JSONValue], _ schema: ListSchema
    ) -> [(element: PathElement, value: JSONValue)]? {
        guard schema.topology != .atomic else { return nil }
        var seen: Set<PathElement> = []
        var result: [(PathElement, JSONValue)] = []
        for element in elements {
            guard let path = path(of: element, schema), seen.insert(path).inserted else { return nil }
            result.append((path, element))
        }
        return result
    }

    /// How an element is told apart; `nil` if it lacks a key.
    static func path(of element: JSONValue, _ schema: ListSchema) -> PathElement? {
        switch schema.topology {
        case .atomic: return nil
        case .set: return element.object == nil && element.array == nil ? .value(element) : nil
        case .map(let keys):
            guard element.object != nil else { return nil }
            var members: [String: JSONValue] = [:]
            for key in keys {
                guard let value = element[key.name] ?? key.defaultValue.map(JSONValue.string) else { return nil }
                members[key.name] = value
            }
            return .key(members)
        }
    }
}

extension SchemaNode {
    var isScalar: Bool { if case .scalar = self { true } else { false } }

    /// The member's node, `any` if it is unknown.
    func memberOrAny(_ key: String) -> SchemaNode { member(key) ?? .any }

    /// Whether `key` is a declared field, not one of many entries of a map.
    func declares(_ key: String) -> Bool { members?.fields[key] != nil }
}

/// Which fields a value has.
enum FieldExtraction {
    static func fields(of value: JSONValue, _ node: SchemaNode) -> FieldSet {
        switch Granularity(value, node) {
        case .leaf: return .leaf
        case .members(let members):
            var set = FieldSet()
            for (key, member) in members {
                var child = fields(of: member, node.memberOrAny(key))
                if member == .object([:]) || !node.declares(key) { child.isMember = true }
                set.add(.field(key), child)
            }
            return set
        case .elements(let elements):
            let element = node.list.element
            var set = FieldSet()
            for (path, value) in elements {
                var child = fields(of: value, element)
                child.isMember = true
                set.add(path, child)
            }
            return set
        }
    }
}
