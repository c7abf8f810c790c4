import KubernetesModel

/// Keeps the EndpointSlices of every Service with a selector.
extension ClusterState {
    /// Services of the pod's namespace that select it, as it was or as it is.
    mutating func enqueueServices(selecting change: StoredChange) {
        let pods = [change.old, change.new].compactMap(\.self)
        for service in store.list(Keys.services, namespace: change.name.namespace) {
            guard let selector = serviceSelector(service) else { continue }
            let isSelected = pods.contains { pod in selector.allSatisfy { pod.labels[$0.key] == $0.value } }
            if isSelected { tasks.add(.endpoints(service.name)) }
        }
    }

    private func serviceSelector(_ service: StoredObject) -> [String: String]? {
        let selector = service.value["spec"]?["selector"]?.object ?? [:]
        return selector.isEmpty ? nil : selector.compactMapValues(\.string)
    }

    /// Plans one step towards the slices that the Service should have, and comes back for the next.
    mutating func endpoints(of name: ObjectName, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        guard let service = store[Keys.services, name], !service.isTerminating,
            let resource = registry[key: Keys.slices]
        else { return nil }
        let selector = serviceSelector(service)
        let pods = store.list(Keys.pods, namespace: name.namespace).filter { pod in
            selector?.allSatisfy { pod.labels[$0.key] == $0.value } ?? false
        }
        let existing = store.list(Keys.slices, namespace: name.namespace).filter {
            $0.labels["kubernetes.io/service-name"] == name.name
        }
        let steps = EndpointSliceReconciler.desired(
            service: service.value, pods: pods.map(\.value), existing: existing.map(\.value),
            zone: { store[Keys.nodes, ObjectName(name: $0)]?.labels["topology.kubernetes.io/zone"] })
        let write = try step(steps, resource: resource, namespace: name.namespace, now: now)
        if write?.change != nil { tasks.add(.endpoints(name)) }
        return write
    }

    /// The first of the changes that the reconciler wants.
    private mutating func step(
        _ steps: (create: [JSONValue], update: [JSONValue], delete: [ObjectName]), resource: APIResource,
        namespace: String, now: Timestamp
    ) throws(APIFailure) -> PlannedWrite? {
        let options = WriteOptions(manager: "endpointslice-controller", now: now)
        func name(_ slice: JSONValue) -> ObjectName {
            ObjectName(namespace: namespace, name: slice["metadata"]?["name"]?.string ?? "")
        }
        if let slice = steps.update.first {
            return try update(resource, name: name(slice), subresource: .none, body: stamped(slice), options: options)
        }
        if let slice = steps.create.first {
            return try create(resource, namespace: namespace, body: stamped(slice), options: options)
        }
        if let name = steps.delete.first {
            return try delete(resource, name: name, options: DeleteOptions(now: now))
        }
        return nil
    }

    /// With the time of the change that led to it, from which agents tell how long they took (the network programming
    /// latency of the scalability SIG).
    private func stamped(_ slice: JSONValue) -> JSONValue {
        var slice = slice
        var metadata = slice["metadata"] ?? [:]
        var annotations = metadata["annotations"] ?? [:]
        annotations[EndpointSlice.triggerTimeAnnotation] = .string(MicroTime.now.description)
        metadata["annotations"] = annotations
        slice["metadata"] = metadata
        return slice
    }
}
