import KubernetesModel

/// As many pods as a ReplicaSet asks for.
struct ReplicaSetPlan {
    private let set: ReplicaSet
    private let state: WorkloadState

    init(_ set: ReplicaSet, in state: WorkloadState) {
        self.set = set
        self.state = state
    }

    /// - Parameter random: makes the last part of a new pod's name.
    func actions(random: inout some RandomNumberGenerator) -> [WorkloadAction] {
        guard set.metadata.deletionTimestamp == nil else { return [] }
        let active = state.activePods(of: set)
        let missing = Int(set.spec.replicas ?? 1) - active.count
        var actions: [WorkloadAction] = []
        if missing > 0 {
            actions = (0..<missing).map { _ in .createPod(pod(suffix: Ownership.word(random.next(), count: 5))) }
        } else if missing < 0 {
            actions = active.sorted(by: isBetterToDelete).prefix(-missing).map { .deletePod($0.objectName) }
        }
        return actions + status(active)
    }

    /// First those that run nowhere, then those that serve nobody, then those whose node has most of them, then the
    /// youngest.
    private func isBetterToDelete(_ a: Pod, _ b: Pod) -> Bool {
        func rank(_ pod: Pod) -> (Int, Int, Int, Int64, String) {
            let node = pod.spec?.nodeName
            let neighbours = state.activePods(of: set).count { $0.spec?.nodeName == node }
            return (
                node == nil ? 0 : 1, pod.isReady ? 1 : 0, -neighbours,
                -(pod.metadata.creationTimestamp?.secondsSinceEpoch ?? 0), pod.metadata.name
            )
        }
        return rank(a) < rank(b)
    }

    private func pod(suffix: String) -> JSONValue {
        let template = set.spec.template ?? [:]
        var metadata: JSONValue = [
            "name": .string("\(set.metadata.name)-\(suffix)"),
            "namespace": .string(set.metadata.namespace ?? "default"),
            "ownerReferences": [Ownership.reference(to: set)],
        ]
        for key in ["labels", "annotations"] { metadata[key] = template["metadata"]?[key] }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"] ?? [:]]
    }

    private func status(_ active: [Pod]) -> [WorkloadAction] {
        let status: JSONValue = [
            "observedGeneration": .integer(set.metadata.generation ?? 0),
            "replicas": .integer(Int64(active.count)), "fullyLabeledReplicas": .integer(Int64(active.count)),
            "readyReplicas": .integer(Int64(active.count(where: \.isReady))),
            "availableReplicas": .integer(Int64(state.availablePods(of: set))),
        ]
        return Ownership.isTold(status, in: set.status) ? [] : [.status(ReplicaSet.resource, set.objectName, status)]
    }
}
