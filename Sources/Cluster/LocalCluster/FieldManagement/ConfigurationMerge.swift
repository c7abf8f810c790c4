import KubernetesModel

/// Lays an applied configuration over the live object, and takes away what the applier has given up.
enum ConfigurationMerge {
    /// Values of `configuration` win; maps and keyed lists merge, atomic values are replaced.
    static func merged(_ live: JSONValue?, _ configuration: JSONValue, _ node: SchemaNode) -> JSONValue {
        guard let live, !live.isNull else { return configuration }
        switch (Granularity(live, node), Granularity(configuration, node)) {
        case (.members(let old), .members(let new)):
            return .object(
                old.merging(new.map { ($0, merged(old[$0], $1, node.memberOrAny($0))) }) { $1 })
        case (.elements(let old), .elements(let new)):
            return .array(merged(old, new, node.list.element))
        default:
            return configuration
        }
    }

    /// The configuration's order, with the live object's other elements where they stood between them.
    private static func merged(
        _ old: [(element: PathElement, value: JSONValue)], _ new: [(element: PathElement, value: JSONValue)],
        _ node: SchemaNode
    ) -> [JSONValue] {
        let live = Dictionary(old.map { ($0.element, $0.value) }, uniquingKeysWith: { first, _ in first })
        let wanted = Set(new.map(\.element))
        var rest = old[...]
        var result: [JSONValue] = []
        for (path, value) in new {
            // Whatever only the live object has, and stands before this element or in its place, comes first.
            while let next = rest.first, next.element != path, !wanted.contains(next.element) {
                result.append(rest.removeFirst().value)
            }
            if rest.first?.element == path { rest.removeFirst() }
            result.append(merged(live[path], value, node))
        }
        return result + rest.filter { !wanted.contains($0.element) }.map(\.value)
    }

    /// `value` without the fields of `given`, unless `kept` has them. What somebody still owns a part of stays; what
    /// nobody owns any more goes as a whole, with defaults that nobody ever owned.
    static func pruned(
        _ value: JSONValue, given: FieldSet, kept: FieldSet, _ node: SchemaNode, isAlwaysPresent: Bool
    ) -> JSONValue? {
        guard !given.isEmpty else { return value }
        if kept.isEmpty, !isAlwaysPresent { return Optional.none }
        switch Granularity(value, node) {
        case .leaf:
            return given.isMember && !kept.isMember ? Optional.none : value
        case .members(let members):
            var result = members
            for (key, member) in members {
                guard let gone = given.children[.field(key)] else { continue }
                result[key] = pruned(
                    member, given: gone, kept: kept.children[.field(key)] ?? FieldSet(), node.memberOrAny(key),
                    isAlwaysPresent: node.members?.fields[key]?.isAlwaysPresent ?? false)
            }
            return .object(result)
        case .elements(let elements):
            var left: [JSONValue] = []
            for (path, element) in elements {
                let gone = given.children[path] ?? FieldSet()
                let rest = kept.children[path] ?? FieldSet()
                guard
                    var result = pruned(element, given: gone, kept: rest, node.list.element, isAlwaysPresent: false)
                else { continue }
                // Without its keys it would be another element.
                if case .key(let keys) = path {
                    for key in keys.keys where element[key] != nil { result[key] = element[key] }
                }
                left.append(result)
            }
            return .array(left)
        }
    }
}
