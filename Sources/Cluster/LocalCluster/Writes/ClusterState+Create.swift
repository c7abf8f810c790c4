import KubernetesModel

extension ClusterState {
    /// Plans a new object.
    mutating func create(
        _ resource: APIResource, namespace: String, body: JSONValue, options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        var object = try addressed(body, resource: resource, namespace: namespace)
        guard (object["metadata"]?["resourceVersion"]?.string ?? "").isEmpty else {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        let name = try newName(of: &object, resource: resource, namespace: namespace)
        try admit(resource, name: name)
        if store[resource.storageKey, name] != nil { throw .alreadyExists(resource.resource, name: name.name) }
        object = newborn(object, resource: resource, now: options.now)
        object["metadata"]?["managedFields"] = nil
        var checked = try checked(object, old: nil, resource: resource, name: name, options: options)
        checked.object = FieldManager.updated(
            old: nil, new: checked.object, manager: options.manager, subresource: "",
            apiVersion: resource.resource.apiVersion, now: options.now, node: registry.schemaNode(of: resource))
        return try creation(checked, resource: resource, name: name, now: options.now)
    }

    /// Plans a new object that server-side apply describes.
    mutating func createApplied(
        _ resource: APIResource, name: ObjectName, configuration: JSONValue, options: WriteOptions
    ) throws(APIFailure) -> PlannedWrite {
        var body = try addressed(configuration, resource: resource, namespace: name.namespace)
        guard (body["metadata"]?["uid"]?.string ?? "").isEmpty else {
            throw .conflict(
                resource.resource, name: name.name,
                "uid mismatch: the provided object specified uid "
                    + "\(body["metadata"]?["uid"]?.string ?? ""), and no existing object was found")
        }
        body["metadata"]?["name"] = .string(name.name)
        try admit(resource, name: name)
        let applied = try FieldManager.applied(
            old: nil, configuration: body, manager: options.manager, force: options.force, subresource: "",
            now: options.now, resource: resource.resource, node: registry.schemaNode(of: resource))
        let object = newborn(applied, resource: resource, now: options.now)
        let checked = try checked(object, old: nil, resource: resource, name: name, options: options)
        return try creation(checked, resource: resource, name: name, now: options.now)
    }

    private mutating func creation(
        _ checked: CheckedObject, resource: APIResource, name: ObjectName, now: Timestamp
    ) throws(APIFailure) -> PlannedWrite {
        let completed = try completed(checked.object, old: nil, resource: resource, now: now)
        let change = store.change(resource, name: name, to: stored(completed, resource: resource))
        guard let object = change.new else { preconditionFailure("a creation has an object") }
        return PlannedWrite(object: object, change: change, isCreation: true, warnings: checked.warnings)
    }

    /// The body with the type and namespace of its URL, which it may leave out but not contradict.
    func addressed(
        _ body: JSONValue, resource: APIResource, namespace: String
    ) throws(APIFailure) -> JSONValue {
        guard case .object = body else { throw .badRequest("the body is not an object") }
        var object = body
        let kind = resource.resource
        if let given = object["apiVersion"]?.string, !given.isEmpty, given != kind.apiVersion {
            throw .badRequest(
                "the API version in the data (\(given)) does not match the expected API version (\(kind.apiVersion))")
        }
        if let given = object["kind"]?.string, !given.isEmpty, given != kind.kind {
            throw .badRequest(
                "\(given) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): the data's kind does not "
                    + "match")
        }
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        var metadata = object["metadata"] ?? [:]
        guard case .object = metadata else { throw .badRequest("metadata is not an object") }
        let given = metadata["namespace"]?.string ?? ""
        if kind.isNamespaced {
            guard given.isEmpty || given == namespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            metadata["namespace"] = .string(namespace)
        } else {
            metadata["namespace"] = nil
        }
        object["metadata"] = metadata
        return object
    }

    private mutating func newName(
        of object: inout JSONValue, resource: APIResource, namespace: String
    ) throws(APIFailure) -> ObjectName {
        var name = object["metadata"]?["name"]?.string ?? ""
        if name.isEmpty, let prefix = object["metadata"]?["generateName"]?.string, !prefix.isEmpty {
            // As long as the real one tries, and short enough to be a label.
            for _ in 0..<8 {
                name = String(prefix.prefix(58)) + newSuffix()
                let taken = store[resource.storageKey, ObjectName(namespace: namespace, name: name)] != nil
                if !taken { break }
            }
        }
        guard !name.isEmpty else {
            throw .invalid(
                resource.resource, name: "",
                [
                    FieldError(
                        .required, field: "metadata.name", detail: "name or generateName is required")
                ])
        }
        object["metadata"]?["name"] = .string(name)
        return ObjectName(namespace: resource.resource.isNamespaced ? namespace : "", name: name)
    }

    /// Content needs a namespace that is there to stay.
    private func admit(_ resource: APIResource, name: ObjectName) throws(APIFailure) {
        guard resource.resource.isNamespaced else { return }
        guard let namespace = store[Keys.namespaces, ObjectName(name: name.namespace)] else {
            throw .notFound(BuiltInKinds.namespaces, name: name.namespace)
        }
        guard namespace.isTerminating else { return }
        var failure = APIFailure.forbidden(
            resource.resource, name: name.name,
            "unable to create new content in namespace \(name.namespace) because it is being terminated")
        failure.details?.causes = [
            APIFailure.Cause(
                reason: "NamespaceTerminating", message: "namespace \(name.namespace) is being terminated",
                field: "metadata.namespace")
        ]
        throw failure
    }

    /// Sets what only the server may set in a new object.
    private mutating func newborn(_ object: JSONValue, resource: APIResource, now: Timestamp) -> JSONValue {
        var object = object
        var metadata = object["metadata"] ?? [:]
        metadata["uid"] = .string(newUID())
        metadata["creationTimestamp"] = .string(now.description)
        metadata["resourceVersion"] = nil
        metadata["deletionTimestamp"] = nil
        metadata["deletionGracePeriodSeconds"] = nil
        metadata["selfLink"] = nil
        metadata["generation"] = resource.generation == .none ? JSONValue?.none : 1
        object["metadata"] = metadata.withoutEmptyMembers
        // Nodes register themselves together with their status.
        if resource.hasStatus, resource.resource.plural != "nodes" || resource.isCustom { object["status"] = nil }
        switch resource.storageKey {
        case Keys.namespaces:
            object["status"] = ["phase": "Active"]
            var spec = object["spec"] ?? [:]
            spec["finalizers"] = ["kubernetes"]
            object["spec"] = spec
            // The label that lets selectors name a namespace.
            var labels = object["metadata"]?["labels"] ?? [:]
            labels["kubernetes.io/metadata.name"] = object["metadata"]?["name"]
            object["metadata"]?["labels"] = labels
        case Keys.pods: object["status"] = ["phase": "Pending", "qosClass": "BestEffort"]
        default: break
        }
        return object
    }
}
