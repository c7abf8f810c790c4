package import KubernetesModel

/// The EndpointSlice controller: from a Service and the pods it selects to slices, with as few changes as possible.
package enum EndpointSliceReconciler {
    package static let controllerName = "endpointslice-controller.k8s.io"
    static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
    static let headlessLabel = "service.kubernetes.io/headless"
    package static let maximumEndpointsPerSlice = 100

    /// What to write so that `existing` becomes right: objects to create have a `generateName`, objects to update are the
    /// existing ones with changes. `pods` and `existing` may hold more than belongs to the Service; slices that another
    /// controller manages are not touched. `zone` names the zone of a node.
    package static func desired(
        service: JSONValue, pods: [JSONValue], existing: [JSONValue], zone: (String) -> String? = { _ in nil }
    ) -> (create: [JSONValue], update: [JSONValue], delete: [ObjectName]) {
        var plan = SlicePlan()
        let owned = existing.filter { isOwned($0, by: service) }
        let spec = service["spec"] ?? .null
        guard spec["type"] != "ExternalName" else {
            plan.delete = owned.map(name)
            return plan.result
        }
        // Endpoints of a Service without a selector are somebody else's to write.
        guard let selector = spec["selector"]?.object, !selector.isEmpty else { return plan.result }
        let namespace = service["metadata"]?["namespace"]
        let chosen = pods.filter { pod in
            pod["metadata"]?["namespace"] == namespace && matches(pod, selector) && PodEndpoint.isCandidate(pod)
        }.sorted { name($0) < name($1) }

        let families = addressTypes(spec)
        for slice in owned where !families.contains(slice["addressType"]?.string ?? "") {
            plan.delete.append(name(slice))
        }
        for family in families {
            var wanted: [[JSONValue]: [JSONValue]] = [:]
            for pod in chosen {
                guard let endpoint = PodEndpoint(pod, service: service, family: family, zone: zone) else { continue }
                wanted[endpoint.ports, default: []].append(endpoint.json)
            }
            plan.reconcile(
                wanted, existing: owned.filter { $0["addressType"]?.string == family }, service: service, family: family
            )
        }
        return plan.result
    }

    static func name(_ object: JSONValue) -> ObjectName {
        ObjectName(
            namespace: object["metadata"]?["namespace"]?.string ?? "", name: object["metadata"]?["name"]?.string ?? "")
    }

    private static func isOwned(_ slice: JSONValue, by service: JSONValue) -> Bool {
        let labels = slice["metadata"]?["labels"]
        return slice["metadata"]?["namespace"] == service["metadata"]?["namespace"]
            && labels?[EndpointSlice.serviceLabel] == service["metadata"]?["name"]
            && labels?[managedByLabel]?.string == controllerName
            && slice["metadata"]?["deletionTimestamp"] == nil
    }

    private static func matches(_ pod: JSONValue, _ selector: [String: JSONValue]) -> Bool {
        let labels = pod["metadata"]?["labels"]?.object ?? [:]
        return selector.allSatisfy { labels[$0.key] == $0.value }
    }

    /// A slice has addresses of one family.
    private static func addressTypes(_ spec: JSONValue) -> [String] {
        let families = (spec["ipFamilies"]?.array ?? []).compactMap(\.string).filter { $0 == "IPv4" || $0 == "IPv6" }
        if !families.isEmpty { return families }
        return [spec["clusterIP"]?.string?.contains(":") == true ? "IPv6" : "IPv4"]
    }
}
