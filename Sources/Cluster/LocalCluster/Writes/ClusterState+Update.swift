import KubernetesModel

extension ClusterState {
    /// Plans the replacement of an object by `body` (PUT).
    mutating func update(
        _ resource: APIResource, name: ObjectName, subresource: Subresource, body: JSONValue, options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        let object = try addressed(body, resource: resource, namespace: name.namespace)
        let given = object["metadata"]?["name"]?.string ?? ""
        guard given == name.name else {
            throw .badRequest(
                "the name of the object (\(given)) does not match the name on the URL (\(name.name))")
        }
        let old = try existing(resource, name: name)
        if resource.isCustom, (object["metadata"]?["resourceVersion"]?.string ?? "").isEmpty {
            throw .invalid(
                resource.resource, name: name.name,
                [
                    FieldError(
                        .invalid, field: "metadata.resourceVersion", value: "0x0",
                        detail: "must be specified for an update")
                ])
        }
        return try change(
            old, to: object, resource: resource, subresource: subresource, options: options, tracksUpdate: true)
    }

    /// Plans a patch of an object; server-side apply may create it.
    mutating func patch(
        _ resource: APIResource, name: ObjectName, subresource: Subresource, kind: PatchKind, patch: JSONValue,
        options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        if kind == .apply, subresource == .none, store[resource.storageKey, name] == nil {
            return try createApplied(resource, name: name, configuration: patch, options: options)
        }
        let old = try existing(resource, name: name)
        let current = served(old, as: resource)
        if kind == .apply {
            let body = try addressed(patch, resource: resource, namespace: name.namespace)
            let applied = try FieldManager.applied(
                old: current, configuration: body, manager: options.manager, force: options.force,
                subresource: subresource.rawValue, now: options.now, resource: resource.resource,
                node: registry.schemaNode(of: resource))
            return try change(
                old, to: applied, resource: resource, subresource: subresource, options: options, tracksUpdate: false)
        }
        if kind == .strategicMerge, resource.isCustom {
            throw APIFailure(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: "
                    + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        }
        var patched = try Patching.apply(kind, patch: patch, to: current, resource: resource.resource)
        patched = try addressed(patched, resource: resource, namespace: name.namespace)
        guard patched["metadata"]?["name"]?.string == name.name else {
            throw .invalid(
                resource.resource, name: name.name,
                [FieldError(.invalid, field: "metadata.name", detail: "field is immutable")])
        }
        return try change(
            old, to: patched, resource: resource, subresource: subresource, options: options, tracksUpdate: true)
    }

    func existing(_ resource: APIResource, name: ObjectName) throws(APIFailure) -> StoredObject {
        guard let object = store[resource.storageKey, name] else {
            throw .notFound(resource.resource, name: name.name)
        }
        return object
    }

    /// Plans the step from one state of an object to the next.
    mutating func change(
        _ stored: StoredObject, to wanted: JSONValue, resource: APIResource, subresource: Subresource,
        options: WriteOptions, tracksUpdate: Bool
    ) throws(APIFailure) -> PlannedWrite {
        let old = served(stored, as: resource)
        try checkPreconditions(wanted, against: stored, resource: resource)
        var object = ObjectTransition.merged(old: old, wanted: wanted, subresource: subresource, resource: resource)
        let checked = try checked(object, old: old, resource: resource, name: stored.name, options: options)
        object = checked.object
        if ObjectTransition.raisesGeneration(from: old, to: object, resource: resource) {
            object["metadata"]?["generation"] = .integer((old["metadata"]?["generation"]?.integer ?? 0) + 1)
        }
        if tracksUpdate {
            object = FieldManager.updated(
                old: old, new: object, manager: options.manager, subresource: subresource.rawValue,
                apiVersion: resource.resource.apiVersion, now: options.now,
                node: registry.schemaNode(of: resource))
        }
        object = try completed(object, old: old, resource: resource, now: options.now)
        object = self.stored(object, resource: resource)
        let finished = stored.isTerminating && !ObjectTransition.isHeld(object, resource: resource)
        if !finished, ObjectTransition.isEqual(object, stored.value) {
            return PlannedWrite(object: stored, warnings: checked.warnings)
        }
        let change = store.change(resource, name: stored.name, to: finished ? JSONValue?.none : object)
        guard let result = change.carried else { preconditionFailure("a change carries an object") }
        return PlannedWrite(object: result, change: change, isRemoval: finished, warnings: checked.warnings)
    }

    private func checkPreconditions(
        _ wanted: JSONValue, against stored: StoredObject, resource: APIResource
    ) throws(APIFailure) {
        let uid = wanted["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty || uid == stored.uid else {
            throw .conflict(
                resource.resource, name: stored.name.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(stored.uid)")
        }
        let version = wanted["metadata"]?["resourceVersion"]?.string ?? ""
        guard version.isEmpty || version == "0" || version == String(stored.revision) else {
            throw .conflict(
                resource.resource, name: stored.name.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
    }
}

extension JSONValue {
    /// Metadata without the empty maps and lists that mean the same as none.
    var withoutEmptyMembers: JSONValue {
        guard let members = object else { return self }
        return .object(members.filter { $0.value != .object([:]) && $0.value != .array([]) && !$0.value.isNull })
    }
}

/// How one state of an object may follow another.
enum ObjectTransition {
    /// The wanted object with everything restored that this kind of request may not change.
    static func merged(
        old: JSONValue, wanted: JSONValue, subresource: Subresource, resource: APIResource
    ) -> JSONValue {
        var object = wanted
        switch subresource {
        case .none:
            if resource.hasStatus { object["status"] = old["status"] }
        case .status:
            // The status endpoint changes the status and nothing else.
            object = old
            object["status"] = wanted["status"]
            object["metadata"]?["managedFields"] = wanted["metadata"]?["managedFields"]
        case .finalize:
            object = old
            object["spec"]?["finalizers"] = wanted["spec"]?["finalizers"]
        case .scale: break
        }
        var metadata = object["metadata"] ?? [:]
        let before = old["metadata"] ?? [:]
        for key in [
            "name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp",
            "deletionGracePeriodSeconds", "generateName",
        ] {
            metadata[key] = before[key]
        }
        metadata["resourceVersion"] = nil
        metadata["selfLink"] = nil
        if metadata["managedFields"] == nil { metadata["managedFields"] = before["managedFields"] }
        object["metadata"] = metadata.withoutEmptyMembers
        return object
    }

    static func raisesGeneration(from old: JSONValue, to new: JSONValue, resource: APIResource) -> Bool {
        guard resource.generation != .none else { return false }
        func counted(_ object: JSONValue) -> JSONValue {
            var object = object
            for key in ["metadata", "apiVersion", "kind"] { object[key] = nil }
            if resource.generation == .specification { object["status"] = nil }
            return object
        }
        return counted(old) != counted(new)
    }

    /// Whether something still keeps a terminating object.
    static func isHeld(_ object: JSONValue, resource: APIResource) -> Bool {
        if !(object["metadata"]?["finalizers"]?.array ?? []).isEmpty { return true }
        switch resource.storageKey {
        case Keys.namespaces: return !(object["spec"]?["finalizers"]?.array ?? []).isEmpty
        // A pod on a node is given its time to stop.
        case Keys.pods: return (object["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0) > 0
        default: return false
        }
    }

    /// Equal but for the revision and for when managers last wrote.
    static func isEqual(_ a: JSONValue, _ b: JSONValue) -> Bool { comparable(a) == comparable(b) }

    private static func comparable(_ object: JSONValue) -> JSONValue {
        var object = object
        var metadata = object["metadata"] ?? [:]
        metadata["resourceVersion"] = nil
        if let managers = metadata["managedFields"]?.array {
            metadata["managedFields"] = .array(
                managers.map { entry in
                    var entry = entry
                    entry["time"] = nil
                    return entry
                })
        }
        object["metadata"] = metadata
        return object
    }
}
