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
            actions = bestToDelete(active).prefix(-missing).map { .deletePod($0.objectName) }
        }
        return actions + status(active)
    }

    /// First those that run nowhere, then those that serve nobody, then those of whose node most stay, then the youngest.
    ///
    /// Kubernetes counts a node's pods once and so may empty one of two equally full nodes; here every node keeps its share.
    private func bestToDelete(_ pods: [Pod]) -> [Pod] {
        func rank(_ pod: Pod) -> (Int, Int, Int64, String) {
            let age = pod.metadata.creationTimestamp?.secondsSinceEpoch ?? 0
            return (pod.spec?.nodeName == nil ? 0 : 1, pod.isReady ? 1 : 0, -age, pod.metadata.name)
        }
        var olderOnNode: [String: Int] = [:]
        var ranked: [(pod: Pod, rank: (Int, Int, Int, Int64, String))] = []
        for pod in pods.sorted(by: { rank($0) > rank($1) }) {
            let (place, use, age, name) = rank(pod)
            ranked.append((pod, (place, use, -olderOnNode[pod.spec?.nodeName ?? "", default: 0], age, name)))
            olderOnNode[pod.spec?.nodeName ?? "", default: 0] += 1
        }
        return ranked.sorted { $0.rank < $1.rank }.map(\.pod)
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
