import KubernetesModel

extension ClusterState {
    /// Plans a deletion: removes the object, or marks it as terminating when something holds it.
    mutating func delete(
        _ resource: APIResource, name: ObjectName, options: DeleteOptions
    ) throws(APIFailure) -> PlannedWrite {
        let stored = try existing(resource, name: name)
        try checkPreconditions(options, against: stored, resource: resource)
        var object = stored.value
        if resource.storageKey == Keys.namespaces, ["default", "kube-system", "kube-public"].contains(name.name) {
            throw .forbidden(resource.resource, name: name.name, "this namespace may not be deleted")
        }
        mark(&object, resource: resource, options: options, isTerminating: stored.isTerminating)
        if ObjectTransition.isHeld(object, resource: resource) {
            if ObjectTransition.isEqual(object, stored.value) { return PlannedWrite(object: stored) }
            let change = store.change(resource, name: name, to: object)
            guard let marked = change.new else { preconditionFailure("a marked object is still there") }
            return PlannedWrite(object: marked, change: change)
        }
        let change = store.change(resource, name: name, to: nil)
        return PlannedWrite(object: change.tombstone ?? stored, change: change, isRemoval: true)
    }

    private func checkPreconditions(
        _ options: DeleteOptions, against stored: StoredObject, resource: APIResource
    ) throws(APIFailure) {
        if let uid = options.uid, uid != stored.uid {
            throw .conflict(
                resource.resource, name: stored.name.name,
                "Precondition failed: UID in precondition: \(uid), UID in object meta: \(stored.uid)")
        }
        if let version = options.resourceVersion, version != String(stored.revision) {
            throw .conflict(
                resource.resource, name: stored.name.name,
                "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: "
                    + "\(stored.revision)")
        }
    }

    /// Writes into the object what a request to delete it leaves there.
    private func mark(
        _ object: inout JSONValue, resource: APIResource, options: DeleteOptions, isTerminating: Bool
    ) {
        var metadata = object["metadata"] ?? [:]
        let grace = gracePeriod(object, resource: resource, options: options)
        if !isTerminating {
            let deadline = Timestamp(secondsSinceEpoch: options.now.secondsSinceEpoch + grace)
            metadata["deletionTimestamp"] = .string(deadline.description)
            metadata["deletionGracePeriodSeconds"] = .integer(grace)
            if let generation = metadata["generation"]?.integer { metadata["generation"] = .integer(generation + 1) }
            addFinalizer(of: options.propagation, to: &metadata)
        } else if let old = metadata["deletionGracePeriodSeconds"]?.integer, grace < old {
            // A second request may only shorten the wait.
            let deadline = Timestamp(secondsSinceEpoch: options.now.secondsSinceEpoch + grace)
            metadata["deletionTimestamp"] = .string(deadline.description)
            metadata["deletionGracePeriodSeconds"] = .integer(grace)
        }
        object["metadata"] = metadata
        if resource.storageKey == Keys.namespaces { object["status"] = ["phase": "Terminating"] }
    }

    private func addFinalizer(of propagation: DeleteOptions.Propagation, to metadata: inout JSONValue) {
        guard propagation != .background, let uid = metadata["uid"]?.string, !store.dependents(of: uid).isEmpty else {
            return
        }
        let name: JSONValue = propagation == .orphan ? "orphan" : "foregroundDeletion"
        let finalizers = metadata["finalizers"]?.array ?? []
        if !finalizers.contains(name) { metadata["finalizers"] = .array(finalizers + [name]) }
    }

    /// Only a pod that runs on a node is given time: there is nothing else to stop.
    private func gracePeriod(_ object: JSONValue, resource: APIResource, options: DeleteOptions) -> Int64 {
        guard resource.storageKey == Keys.pods, !(object["spec"]?["nodeName"]?.string ?? "").isEmpty else { return 0 }
        return max(
            0, options.gracePeriodSeconds ?? object["spec"]?["terminationGracePeriodSeconds"]?.integer ?? 30)
    }
}
