import KubernetesModel

/// Owner references: dependents go with their last owner.
extension ClusterState {
    /// An owner with finalizers began to terminate: see to its dependents first if it asks for that.
    mutating func ownerTerminating(_ object: StoredObject, _ reference: ObjectStore.Reference) {
        let finalizers = (object.value["metadata"]?["finalizers"]?.array ?? []).compactMap(\.string)
        for dependent in store.dependents(of: object.uid) {
            if finalizers.contains("orphan") {
                tasks.add(.release(dependent, owner: object.uid))
            } else if finalizers.contains("foregroundDeletion") {
                tasks.add(.evict(dependent))
            }
        }
        tasks.add(.finishOwner(reference))
    }

    /// Takes the collector's own finalizer from an owner whose dependents are dealt with.
    mutating func finishOwner(
        _ reference: ObjectStore.Reference, now: Timestamp
    ) throws(APIFailure) -> PlannedWrite? {
        guard let object = store[reference.key, reference.name], object.isTerminating else { return nil }
        let isFree = store.dependents(of: object.uid).isEmpty
        guard isFree else { return nil }
        return rewrite(reference) { owner in
            let finalizers = owner["metadata"]?["finalizers"]?.array ?? []
            let rest = finalizers.filter { $0 != "orphan" && $0 != "foregroundDeletion" }
            owner["metadata"]?["finalizers"] = rest.isEmpty ? JSONValue?.none : .array(rest)
        }
    }

    /// Deletes a dependent that has no other living owner; else only strikes the owner from its list.
    mutating func disown(
        _ reference: ObjectStore.Reference, owner: String, deletes: Bool, now: Timestamp
    ) throws(APIFailure) -> PlannedWrite? {
        guard let dependent = store[reference.key, reference.name], dependent.owners.contains(owner) else {
            return nil
        }
        let others = dependent.owners.filter { $0 != owner && store.reference(uid: $0) != nil }
        if deletes, others.isEmpty { return try evict(reference, now: now) }
        let write = rewrite(reference) { object in
            let references = object["metadata"]?["ownerReferences"]?.array ?? []
            let rest = references.filter { $0["uid"]?.string != owner }
            object["metadata"]?["ownerReferences"] = rest.isEmpty ? JSONValue?.none : .array(rest)
        }
        if let ownerReference = store.reference(uid: owner) { tasks.add(.finishOwner(ownerReference)) }
        return write
    }

    /// Owners of kinds that we serve and whose objects do not exist. Owners of other kinds may live elsewhere.
    func missingOwners(of reference: ObjectStore.Reference) -> [String] {
        guard let object = store[reference.key, reference.name] else { return [] }
        return (object.value["metadata"]?["ownerReferences"]?.array ?? []).compactMap { owner in
            guard let uid = owner["uid"]?.string, store.reference(uid: uid) == nil else { return nil }
            let isServed =
                registry.resource(
                    apiVersion: owner["apiVersion"]?.string ?? "", kind: owner["kind"]?.string ?? "") != nil
            return isServed ? uid : nil
        }
    }
}
