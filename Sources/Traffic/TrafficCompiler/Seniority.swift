import KubernetesModel

/// Who wins a clash: the oldest object, then the first by namespace and name. The same everywhere.
struct Seniority: Hashable, Sendable, Comparable {
    /// Seconds since 1970. An object that no API server has seen yet is the youngest.
    var created: Int64
    var name: ObjectName

    init(_ metadata: ObjectMeta) {
        created = metadata.creationTimestamp?.secondsSinceEpoch ?? .max
        name = ObjectName(namespace: metadata.namespace ?? "", name: metadata.name)
    }

    static func < (a: Seniority, b: Seniority) -> Bool {
        a.created == b.created ? a.name < b.name : a.created < b.created
    }
}
