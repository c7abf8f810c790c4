import KubernetesModel

/// Ownership of fields, as server-side apply defines it (KEP-555, structured-merge-diff).
///
/// `node` is the schema of a custom resource; built-in kinds are known by their `apiVersion` and `kind`, and of anything
/// else every map is granular and every list atomic.
struct FieldManager {
    /// `new` with the fields that differ from `old` noted as set by `manager`. For create (`old` is `nil`), PUT and
    /// every patch but apply; call it with defaults filled in, and before the server sets fields of its own.
    static func updated(
        old: JSONValue?, new: JSONValue, manager: String, subresource: String, apiVersion: String, now: Timestamp,
        node schema: SchemaNode? = nil
    ) -> JSONValue {
        let node = schema ?? node(of: new)
        var managed = entries(old: old, new: new)
        let comparison = Comparison(from: stripped(old ?? .object([:])), to: stripped(new), node)
        let changed = comparison.added.union(comparison.modified)
        let identity = ManagedFields.Manager(
            name: manager, operation: .update, apiVersion: apiVersion, subresource: subresource)
        managed.take(changed.union(comparison.removed), fromAllBut: identity)
        let before = managed[identity]
        let fields = (before?.fields ?? FieldSet()).subtracting(comparison.removed).union(changed)
        managed[identity] = ManagedFields.Entry(
            manager: identity, time: before?.fields == fields ? before?.time : now.description, fields: fields)
        managed.bound()
        return managed.written(into: new)
    }

    /// The live object (`nil` to create) with `configuration` applied by `manager`: it comes to own exactly the fields
    /// of the configuration, and what it owned before and nobody else owns is removed. Throws 409 with a cause per field
    /// if others own fields that would change, unless `force` takes them.
    static func applied(
        old: JSONValue?, configuration: JSONValue, manager: String, force: Bool, subresource: String, now: Timestamp,
        resource: ResourceKind, node schema: SchemaNode? = nil
    ) throws(APIFailure) -> JSONValue {
        let node = schema ?? node(of: configuration)
        let configuration = try checked(configuration, node, subresource: subresource, resource: resource)
        let identity = ManagedFields.Manager(
            name: manager, operation: .apply, apiVersion: resource.apiVersion, subresource: subresource)
        var managed = ManagedFields(of: old)
        if let old, managed.entries.isEmpty { managed = unmanaged(old, node, resource: resource) }
        let before = managed[identity]
        let fields = FieldExtraction.fields(of: stripped(configuration), node)
        managed[identity] = ManagedFields.Entry(manager: identity, time: before?.time, fields: fields)

        let live = old.map(withoutManagedFields) ?? .object([:])
        let merged = ConfigurationMerge.merged(live, configuration, node)
        let result =
            before.map {
                ConfigurationMerge.pruned(
                    merged, given: $0.fields, kept: managed.all, node, isAlwaysPresent: true) ?? .object([:])
            } ?? merged
        let comparison = Comparison(from: stripped(live), to: stripped(result), node)
        let changed = comparison.added.union(comparison.modified)
        if !force { try refuseConflicts(managed, changed, but: identity) }
        managed.take(changed.union(comparison.removed), fromAllBut: identity)
        if before?.fields != fields || !comparison.isSame {
            managed[identity] = ManagedFields.Entry(manager: identity, time: now.description, fields: fields)
        }
        return managed.written(into: result)
    }

    private static func node(of object: JSONValue) -> SchemaNode { BuiltInSchema.node(of: object) ?? customNode }

    /// A kind without a schema still has the metadata that every kind has.
    private static let customNode = OpenAPISchema.node([
        "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": [:],
    ])

    /// What an update starts from: the list it brings along, else the stored one. `[{}]` asks to forget all.
    private static func entries(old: JSONValue?, new: JSONValue) -> ManagedFields {
        if let list = new["metadata"]?["managedFields"]?.array, !list.isEmpty {
            return list == [.object([:])] ? ManagedFields(of: nil) : ManagedFields(of: new)
        }
        return ManagedFields(of: old)
    }

    /// An object from before its fields had owners: they all belong to nobody in particular.
    private static func unmanaged(_ old: JSONValue, _ node: SchemaNode, resource: ResourceKind) -> ManagedFields {
        var managed = ManagedFields(of: nil)
        let nobody = ManagedFields.Manager(
            name: "before-first-apply", operation: .update, apiVersion: resource.apiVersion, subresource: "")
        let fields = FieldExtraction.fields(of: stripped(old), node)
        managed[nobody] = ManagedFields.Entry(
            manager: nobody, time: old["metadata"]?["creationTimestamp"]?.string, fields: fields)
        return managed
    }

    private static func refuseConflicts(
        _ managed: ManagedFields, _ changed: FieldSet, but identity: ManagedFields.Manager
    ) throws(APIFailure) {
        var conflicts: [(manager: String, path: String)] = []
        for entry in managed.entries.sorted(by: { $0.manager.printed < $1.manager.printed })
        where entry.manager != identity {
            conflicts += entry.fields.intersection(changed).paths.map { (entry.manager.printed, $0) }
        }
        if !conflicts.isEmpty { throw ApplyConflict.failure(conflicts) }
    }
}
