import KubernetesModel

/// Lists whose elements a strategic merge patch tells apart: by a key, or by value where they are scalars.
enum StrategicList {
    static func merged(
        _ patch: [JSONValue], into original: [JSONValue], element: SchemaNode, schema: ListSchema, order: [JSONValue]?
    ) throws(APIFailure) -> [JSONValue] {
        guard let key = schema.patchKey else {
            let additions = patch.filter { $0.object == nil && $0.array == nil }
            let result = unique(original + additions)
            return order.map { ordered(result, original: original, order: $0, schema) } ?? result
        }
        if patch.contains(where: { $0[StrategicMergePatch.directive] == "replace" }) {
            return patch.filter { $0[StrategicMergePatch.directive] == nil }.map(StrategicMergePatch.withoutDirectives)
        }
        var result = original
        for change in patch {
            try merge(change, into: &result, key: key, element: element)
        }
        return order.map { ordered(result, original: original, order: $0, schema) } ?? result
    }

    private static func merge(
        _ change: JSONValue, into result: inout [JSONValue], key: String,
        element: SchemaNode
    ) throws(APIFailure) {
        guard var members = change.object else {
            throw .badRequest("expected a list of objects that have the merge key \(key)")
        }
        let directive = members.removeValue(forKey: StrategicMergePatch.directive)
        guard let name = members[key] else {
            throw .badRequest("map: \(describe(members)) does not contain declared merge key: \(key)")
        }
        switch directive {
        case "delete":
            result.removeAll { $0[key] == name }
        case nil, "merge":
            if let index = result.firstIndex(where: { $0[key] == name }) {
                result[index] = .object(
                    try StrategicMergePatch.merged(
                        members, into: result[index].object ?? [:], node: element))
            } else {
                result.append(StrategicMergePatch.withoutDirectives(.object(members)))
            }
        case let other?:
            throw StrategicMergePatch.unknownDirective(other)
        }
    }

    /// `result` with the elements of the patch in the order asked for. Elements that only the server has keep their
    /// place relative to those that both have.
    static func ordered(
        _ result: [JSONValue], original: [JSONValue], order: [JSONValue], _ schema: ListSchema
    ) -> [JSONValue] {
        func name(_ element: JSONValue) -> JSONValue {
            schema.patchKey.map { element[$0] ?? .null } ?? element
        }
        let wanted = order.map { schema.patchKey == nil ? $0 : name($0) }
        let rank = Dictionary(wanted.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let serverRank = Dictionary(
            original.enumerated().map { (name($1), $0) }, uniquingKeysWith: { first, _ in first })
        var ours = result.filter { rank[name($0)] != nil }.map { (rank[name($0)] ?? 0, $0) }
            .sorted { $0.0 < $1.0 }.map(\.1)[...]
        var others = result.filter { rank[name($0)] == nil }[...]
        var merged: [JSONValue] = []
        while let mine = ours.first, let other = others.first {
            if let a = serverRank[name(mine)], let b = serverRank[name(other)], a < b {
                merged.append(ours.removeFirst())
            } else {
                merged.append(others.removeFirst())
            }
        }
        return merged + ours + others
    }

    private static func unique(_ elements: [JSONValue]) -> [JSONValue] {
        var seen: Set<JSONValue> = []
        return elements.filter { seen.insert($0).inserted }
    }

    private static func describe(_ members: [String: JSONValue]) -> String {
        "map[" + members.keys.sorted().joined(separator: " ") + "]"
    }
}
