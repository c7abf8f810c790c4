package import KubernetesModel

/// How a PATCH request says what is to change, by its content type.
package enum PatchKind: Hashable, Sendable {
    case json
    case merge
    case strategicMerge
    case apply
}

/// Applies patches to objects. Pure: metadata rules, admission and ownership are others' work.
package enum Patching {
    /// The object after the patch. Server-side apply needs ownership and goes through `FieldManager.applied`; asked for
    /// here it is refused.
    package static func apply(
        _ kind: PatchKind, patch: JSONValue, to object: JSONValue, resource: ResourceKind
    ) throws(APIFailure) -> JSONValue {
        switch kind {
        case .json:
            return try JSONPatch.apply(patch, to: object)
        case .merge:
            guard patch.object != nil else { throw .badRequest("a merge patch must be a JSON object") }
            return merged(patch, into: object)
        case .strategicMerge:
            guard let node = BuiltInSchema.node(resource) else { throw unsupported }
            guard patch.object != nil else { throw .badRequest("a strategic merge patch must be a JSON object") }
            return try StrategicMergePatch.apply(patch, to: object, node: node)
        case .apply:
            throw .internalError("an apply patch of \(resource) needs its field manager")
        }
    }

    /// RFC 7396: members replace, objects merge, `null` removes.
    static func merged(_ patch: JSONValue, into target: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members = target.object ?? [:]
        for (key, change) in changes {
            if change.isNull {
                members.removeValue(forKey: key)
            } else {
                members[key] = merged(change, into: members[key] ?? .null)
            }
        }
        return .object(members)
    }

    /// Custom resources have no merge keys.
    private static var unsupported: APIFailure {
        APIFailure(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: "
                + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
    }
}
