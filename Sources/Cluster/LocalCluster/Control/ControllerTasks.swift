import KubernetesModel

/// What the controllers inside the server still have to look at, in order, each thing once.
struct ControllerTasks: Sendable {
    enum Task: Hashable, Sendable {
        /// A namespace needs its default service account.
        case furnish(namespace: String)
        /// Delete an object with its namespace or its definition.
        case evict(ObjectStore.Reference)
        /// An owner is gone: delete the dependent, or take the owner from its list.
        case disown(ObjectStore.Reference, owner: String)
        /// An owner is being orphaned: only take it from the dependent's list.
        case release(ObjectStore.Reference, owner: String)
        /// See whether the named owners exist at all.
        case verifyOwners(ObjectStore.Reference)
        /// A terminating owner may be waiting for its dependents alone.
        case finishOwner(ObjectStore.Reference)
        case finishNamespace(String)
        case finishDefinition(String)
        /// Bring a Service's EndpointSlices up to date.
        case endpoints(ObjectName)
    }

    private var queue: [Task] = []
    private var head = 0
    private var waiting: Set<Task> = []

    mutating func add(_ task: Task) {
        if waiting.insert(task).inserted { queue.append(task) }
    }

    mutating func next() -> Task? {
        guard head < queue.count else {
            queue.removeAll(keepingCapacity: true)
            head = 0
            return nil
        }
        let task = queue[head]
        head += 1
        waiting.remove(task)
        return task
    }
}

extension ClusterState {
    /// Plans the next change that a controller wants; `nil` when all is as it should be. To be committed before the
    /// next call.
    mutating func nextControllerChange(now: Timestamp) -> StoredChange? {
        while let task = tasks.next() {
            // A controller that is refused (an object that is gone already, say) has nothing more to do for this task.
            if let write = try? plan(task, now: now), let change = write.change { return change }
        }
        return nil
    }

    private mutating func plan(_ task: ControllerTasks.Task, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        switch task {
        case .furnish(let namespace): return try furnish(namespace, now: now)
        case .evict(let reference): return try evict(reference, now: now)
        case .disown(let reference, let owner): return try disown(reference, owner: owner, deletes: true, now: now)
        case .release(let reference, let owner): return try disown(reference, owner: owner, deletes: false, now: now)
        case .verifyOwners(let reference):
            for owner in missingOwners(of: reference) { tasks.add(.disown(reference, owner: owner)) }
            return nil
        case .finishOwner(let reference): return try finishOwner(reference, now: now)
        case .finishNamespace(let name): return try finishNamespace(name, now: now)
        case .finishDefinition(let name): return try finishDefinition(name, now: now)
        case .endpoints(let service): return try endpoints(of: service, now: now)
        }
    }

    /// Notes what a committed change gives the controllers to do.
    mutating func enqueueTasks(after change: StoredChange) {
        let reference = ObjectStore.Reference(key: change.key, name: change.name)
        if let old = change.old, change.new == nil {
            for dependent in store.dependents(of: old.uid) { tasks.add(.disown(dependent, owner: old.uid)) }
            for owner in old.owners {
                guard let ownerReference = store.reference(uid: owner), isTerminating(ownerReference) else { continue }
                tasks.add(.finishOwner(ownerReference))
            }
            if store[Keys.namespaces, ObjectName(name: change.name.namespace)]?.isTerminating == true {
                tasks.add(.finishNamespace(change.name.namespace))
            }
            if isTerminating(ObjectStore.Reference(key: Keys.definitions, name: .init(name: change.key.description))) {
                tasks.add(.finishDefinition(change.key.description))
            }
        }
        if let new = change.new {
            if !new.owners.isEmpty, change.old?.owners != new.owners { tasks.add(.verifyOwners(reference)) }
            if new.isTerminating, change.old?.isTerminating == false { beganTerminating(new, reference) }
        }
        switch change.key {
        case Keys.namespaces where change.old == nil: tasks.add(.furnish(namespace: change.name.name))
        case Keys.services: tasks.add(.endpoints(change.name))
        case Keys.pods: enqueueServices(selecting: change)
        case Keys.slices:
            for slice in [change.old, change.new].compactMap(\.self) {
                guard let service = slice.labels["kubernetes.io/service-name"] else { continue }
                tasks.add(.endpoints(ObjectName(namespace: change.name.namespace, name: service)))
            }
        default: break
        }
    }

    private mutating func beganTerminating(_ object: StoredObject, _ reference: ObjectStore.Reference) {
        switch reference.key {
        case Keys.namespaces: namespaceTerminating(object.name.name)
        case Keys.definitions: definitionTerminating(object.name.name)
        default: break
        }
        if object.hasFinalizers { ownerTerminating(object, reference) }
    }

    private func isTerminating(_ reference: ObjectStore.Reference) -> Bool {
        store[reference.key, reference.name]?.isTerminating == true
    }

    /// Deletes one object on behalf of a controller.
    mutating func evict(_ reference: ObjectStore.Reference, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        guard let resource = registry[key: reference.key], let object = store[reference.key, reference.name] else {
            return nil
        }
        if object.isTerminating, object.hasFinalizers { return nil }
        return try delete(resource, name: reference.name, options: DeleteOptions(gracePeriodSeconds: 0, now: now))
    }

    /// Changes one object on behalf of a controller, past all checks: its parts were checked when they came.
    func rewrite(_ reference: ObjectStore.Reference, _ edit: (inout JSONValue) -> Void) -> PlannedWrite? {
        guard let resource = registry[key: reference.key], let object = store[reference.key, reference.name] else {
            return nil
        }
        var value = object.value
        edit(&value)
        if ObjectTransition.isEqual(value, object.value) { return nil }
        let isFinished = object.isTerminating && !ObjectTransition.isHeld(value, resource: resource)
        let change = store.change(resource, name: reference.name, to: isFinished ? JSONValue?.none : value)
        return PlannedWrite(object: change.carried ?? object, change: change, isRemoval: isFinished)
    }
}
