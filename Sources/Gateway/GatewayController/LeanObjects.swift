import KubernetesModel

/// Objects without what routing never reads. A cluster's annotations and owner references can be most of its bytes, and
/// a change of nothing else need not be compiled.
enum LeanObjects {
    /// kubectl keeps the whole object once more in here.
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    static func lean<O: KubernetesObject>(_ object: O, keepingLabels labels: Set<String> = []) -> O {
        var object = object
        object.metadata.labels = object.metadata.labels.flatMap { all in
            let kept = all.filter { labels.contains($0.key) }
            return kept.isEmpty ? nil : kept
        }
        object.metadata.annotations?[lastApplied] = nil
        object.metadata.finalizers = nil
        object.metadata.ownerReferences = nil
        object.metadata.generateName = nil
        return object
    }

    static func leanSlice(_ slice: EndpointSlice) -> EndpointSlice {
        var slice = lean(slice, keepingLabels: [EndpointSlice.serviceLabel])
        for index in (slice.endpoints ?? []).indices {
            slice.endpoints?[index].targetRef = nil
            slice.endpoints?[index].nodeName = nil
            slice.endpoints?[index].hostname = nil
        }
        return slice
    }
}
