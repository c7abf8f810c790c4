import KubernetesModel

/// What the controllers look at: all of it as it is at one moment.
struct WorkloadState: Sendable {
    var deployments: [Deployment] = []
    var replicaSets: [ReplicaSet] = []
    var pods: [Pod] = []
    var nodes: [Node] = []
    var now = Timestamp(secondsSinceEpoch: 0)

    func replicaSets(of deployment: Deployment) -> [ReplicaSet] {
        replicaSets.filter { $0.metadata.controller?.uid == deployment.metadata.uid && $0.metadata.uid != nil }
    }

    /// Those that count as replicas: neither ended nor about to end.
    func activePods(of set: ReplicaSet) -> [Pod] {
        pods.filter { pod in
            pod.metadata.controller?.uid == set.metadata.uid && set.metadata.uid != nil && !pod.isTerminating
                && !pod.isFinished
        }
    }

    /// Ready for as long as the set asks for.
    func availablePods(of set: ReplicaSet) -> Int {
        let minimum = Int64(set.spec.minReadySeconds ?? 0)
        return activePods(of: set).count { pod in
            guard pod.isReady else { return false }
            guard minimum > 0 else { return true }
            let since = pod.status?.conditions?.first { $0.type == "Ready" }?.lastTransitionTime
            return since.map { now.secondsSinceEpoch - $0.secondsSinceEpoch >= minimum } ?? false
        }
    }

    /// A Deployment or ReplicaSet asks for a wait after readiness, so time alone can change what is to be done.
    var dependsOnTime: Bool { replicaSets.contains { ($0.spec.minReadySeconds ?? 0) > 0 } }
}

/// One write that the controllers want.
enum WorkloadAction: Hashable, Sendable {
    case createReplicaSet(JSONValue)
    case scale(ObjectName, replicas: Int)
    case annotate(ResourceKind, ObjectName, [String: String])
    case deleteReplicaSet(ObjectName)
    case createPod(JSONValue)
    case deletePod(ObjectName)
    case bind(ObjectName, node: String)
    /// A pod that fits nowhere, and why.
    case unschedulable(ObjectName, reason: String)
    case status(ResourceKind, ObjectName, JSONValue)
    case addRanges(node: String, [String])
}
