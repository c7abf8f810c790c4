import KubernetesModel

/// Strategic merge patches: lists merge by the key that the schema names, and directives (`$patch`, `$retainKeys`,
/// `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say the rest.
struct StrategicMergePatch {
    static let directive = "$patch"
    static let retainKeys = "$retainKeys"
    static let deletionPrefix = "$deleteFromPrimitiveList/"
    static let orderPrefix = "$setElementOrder/"

    static func apply(
        _ patch: JSONValue, to object: JSONValue, node: SchemaNode
    ) throws(APIFailure) -> JSONValue {
        .object(try merged(patch.object ?? [:], into: object.object ?? [:], node: node))
    }

    static func merged(
        _ patch: [String: JSONValue], into original: [String: JSONValue], node: SchemaNode
    ) throws(APIFailure) -> [String: JSONValue] {
        var patch = patch
        var result = original
        switch patch.removeValue(forKey: directive) {
        case nil, "merge": break
        case "replace": return withoutDirectives(.object(patch)).object ?? [:]
        case "delete": return [:]
        case let other?: throw unknownDirective(other)
        }
        if let keys = patch.removeValue(forKey: retainKeys) {
            try retain(keys, in: &result, patch: patch)
        }
        try deletePrimitives(&patch, from: &result)
        let orders = takeOrders(&patch)
        for (key, change) in patch {
            result[key] = try member(key, change, of: result[key], node: node, order: orders[key])
        }
        for (key, order) in orders where patch[key] == nil {
            guard let elements = result[key]?.array else { continue }
            let (_, schema) = (node.member(key) ?? .any).list
            result[key] = .array(StrategicList.ordered(elements, original: elements, order: order, schema))
        }
        return result
    }

    private static func member(
        _ key: String, _ change: JSONValue, of old: JSONValue?, node: SchemaNode, order: [JSONValue]?
    ) throws(APIFailure) -> JSONValue? {
        let place = node.member(key) ?? .any
        switch change {
        case .null:
            return nil
        case .object(let members):
            // Directives count even where nothing stands yet: deleting nothing leaves nothing.
            if old?.object == nil, members[directive] == "delete" { return nil }
            return .object(try merged(members, into: old?.object ?? [:], node: place))
        case .array(let elements):
            let (element, schema) = place.list
            guard schema.mergesInPatches else { return withoutDirectives(change) }
            return .array(
                try StrategicList.merged(
                    elements, into: old?.array ?? [], element: element, schema: schema, order: order))
        default:
            return change
        }
    }

    private static func retain(
        _ keys: JSONValue, in result: inout [String: JSONValue], patch: [String: JSONValue]
    ) throws(APIFailure) {
        guard let names = keys.array?.map(\.string), !names.contains(nil) else {
            throw .badRequest("invalid patch format of retainKeys")
        }
        let kept = Set(names.compactMap(\.self))
        for key in patch.keys where patch[key] != .null && !key.hasPrefix("$") && !kept.contains(key) {
            throw .badRequest("patch has value for keys that are not in retainKeys: \(key)")
        }
        result = result.filter { kept.contains($0.key) }
    }

    private static func deletePrimitives(
        _ patch: inout [String: JSONValue], from result: inout [String: JSONValue]
    ) throws(APIFailure) {
        for (key, value) in patch where key.hasPrefix(deletionPrefix) {
            patch[key] = nil
            let name = String(key.dropFirst(deletionPrefix.count))
            guard let values = value.array else { throw .badRequest("invalid patch format of primitive list") }
            if let elements = result[name]?.array {
                let gone = Set(values)
                result[name] = .array(elements.filter { !gone.contains($0) })
            }
        }
    }

    private static func takeOrders(_ patch: inout [String: JSONValue]) -> [String: [JSONValue]] {
        var orders: [String: [JSONValue]] = [:]
        for (key, value) in patch where key.hasPrefix(orderPrefix) {
            patch[key] = nil
            orders[String(key.dropFirst(orderPrefix.count))] = value.array ?? []
        }
        return orders
    }

    /// A value to be taken as it is: directives in it are instructions, not content.
    static func withoutDirectives(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.filter { !$0.key.hasPrefix("$") && !$0.value.isNull }.mapValues { withoutDirectives($0) })
        case .array(let elements):
            .array(
                elements.filter { !($0["$patch"] != nil && $0["$patch"] != "merge") }.map { withoutDirectives($0) })
        default: value
        }
    }

    static func unknownDirective(_ value: JSONValue) -> APIFailure {
        .badRequest("unknown patch type found: \(value.string ?? "not a string")")
    }
}
