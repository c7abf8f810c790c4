import KubernetesModel

/// Which slices to create, update and delete.
struct SlicePlan {
    var create: [JSONValue] = []
    var update: [JSONValue] = []
    var delete: [ObjectName] = []

    var result: (create: [JSONValue], update: [JSONValue], delete: [ObjectName]) { (create, update, delete) }

    /// An existing slice with the endpoints it is to have.
    private struct Draft {
        var slice: JSONValue
        var endpoints: [JSONValue]
        var isChanged: Bool

        var room: Int { EndpointSliceReconciler.maximumEndpointsPerSlice - endpoints.count }
    }

    /// Brings the slices of one family in line. `wanted` are endpoints by the ports they share.
    mutating func reconcile(
        _ wanted: [[JSONValue]: [JSONValue]], existing: [JSONValue], service: JSONValue, family: String
    ) {
        var kept = 0
        var spare: [JSONValue] = []
        var slices: [[JSONValue]: [JSONValue]] = [:]
        for slice in existing { slices[slice["ports"]?.array ?? [], default: []].append(slice) }
        let created = create.count
        for ports in Set(wanted.keys).union(slices.keys).sorted(by: { Self.order($0) < Self.order($1) }) {
            let drafts = fill(
                slices[ports] ?? [], with: wanted[ports] ?? [], ports: ports, service: service, family: family)
            for draft in drafts {
                if draft.endpoints.isEmpty {
                    spare.append(draft.slice)
                } else {
                    kept += 1
                    write(draft, service: service)
                }
            }
        }
        // A Service without endpoints has one empty slice, so that its slices can be waited for.
        if kept == 0, create.count == created {
            if let last = spare.first {
                spare.removeFirst()
                write(Draft(slice: last, endpoints: [], isChanged: true), service: service)
            } else {
                create.append(Self.slice(service, family, ports: [], endpoints: []))
            }
        }
        delete += spare.map(EndpointSliceReconciler.name)
    }

    private static func order(_ ports: [JSONValue]) -> String { CanonicalJSON.text(.array(ports)) }

    /// Puts the endpoints of one set of ports into slices: those that stay where they are first, new ones into slices
    /// that change anyway, then into one that has room for all that is left, then into new slices.
    private mutating func fill(
        _ slices: [JSONValue], with wanted: [JSONValue], ports: [JSONValue], service: JSONValue, family: String
    ) -> [Draft] {
        var open: [JSONValue: JSONValue] = [:]
        var order: [JSONValue] = []
        for endpoint in wanted where open.updateValue(endpoint, forKey: Self.identity(endpoint)) == nil {
            order.append(Self.identity(endpoint))
        }
        var drafts = slices.map { slice in
            let before = slice["endpoints"]?.array ?? []
            let after = before.compactMap { open.removeValue(forKey: Self.identity($0)) }
            return Draft(slice: slice, endpoints: after, isChanged: after != before)
        }
        var rest = order.compactMap { open[$0] }[...]
        func put(into index: Int) {
            let count = min(drafts[index].room, rest.count)
            guard count > 0 else { return }
            drafts[index].endpoints += rest.prefix(count)
            drafts[index].isChanged = true
            rest = rest.dropFirst(count)
        }
        let fullestFirst = drafts.indices.sorted { drafts[$0].room < drafts[$1].room }
        for index in fullestFirst where drafts[index].isChanged && !drafts[index].endpoints.isEmpty { put(into: index) }
        if let index = fullestFirst.first(where: { !rest.isEmpty && drafts[$0].room >= rest.count }) {
            put(into: index)
        }
        for index in fullestFirst where drafts[index].endpoints.isEmpty { put(into: index) }
        while !rest.isEmpty {
            let part = Array(rest.prefix(EndpointSliceReconciler.maximumEndpointsPerSlice))
            rest = rest.dropFirst(part.count)
            create.append(Self.slice(service, family, ports: ports, endpoints: part))
        }
        return drafts
    }

    /// An endpoint is the same as long as its pod and address are.
    private static func identity(_ endpoint: JSONValue) -> JSONValue {
        [endpoint["addresses"] ?? .null, endpoint["targetRef"]?["uid"] ?? .null]
    }

    private mutating func write(_ draft: Draft, service: JSONValue) {
        var slice = draft.slice
        var metadata = slice["metadata"] ?? .object([:])
        metadata["labels"] = Self.labels(service)
        metadata["ownerReferences"] = Self.owners(service)
        slice["metadata"] = metadata
        slice["endpoints"] = .array(draft.endpoints)
        if slice != draft.slice { update.append(slice) }
    }

    private static func slice(
        _ service: JSONValue, _ family: String, ports: [JSONValue], endpoints: [JSONValue]
    ) -> JSONValue {
        var metadata: JSONValue = [
            "generateName": .string("\(service["metadata"]?["name"]?.string ?? "")-"), "labels": labels(service),
            "ownerReferences": owners(service),
        ]
        metadata["namespace"] = service["metadata"]?["namespace"]
        return [
            "apiVersion": .string(EndpointSlice.resource.apiVersion), "kind": .string(EndpointSlice.resource.kind),
            "metadata": metadata, "addressType": .string(family), "endpoints": .array(endpoints),
            "ports": .array(ports),
        ]
    }

    /// The Service's labels, and those that say whose slice it is.
    private static func labels(_ service: JSONValue) -> JSONValue {
        var labels = service["metadata"]?["labels"]?.object ?? [:]
        labels[EndpointSliceReconciler.headlessLabel] = service["spec"]?["clusterIP"] == "None" ? .some("") : .none
        labels[EndpointSliceReconciler.managedByLabel] = .string(EndpointSliceReconciler.controllerName)
        labels[EndpointSlice.serviceLabel] = service["metadata"]?["name"]
        return .object(labels)
    }

    private static func owners(_ service: JSONValue) -> JSONValue {
        var owner: JSONValue = [
            "apiVersion": "v1", "kind": "Service", "controller": true, "blockOwnerDeletion": true,
        ]
        owner["name"] = service["metadata"]?["name"]
        owner["uid"] = service["metadata"]?["uid"]
        return [owner]
    }
}
