import KubernetesModel
import NetTypes

/// Everything that the controllers want done next, from what there is.
struct WorkloadPlan {
    let ranges: NodeRanges?

    func actions(_ state: WorkloadState, random: inout some RandomNumberGenerator) -> [WorkloadAction] {
        var actions = nodeRanges(state)
        for deployment in state.deployments { actions += DeploymentPlan(deployment, in: state).actions() }
        for set in state.replicaSets { actions += ReplicaSetPlan(set, in: state).actions(random: &random) }
        var scheduling = Scheduling(state)
        let waiting = state.pods.filter { $0.spec?.nodeName == nil && !$0.isTerminating && !$0.isFinished }
        return actions + scheduling.actions(for: waiting)
    }

    private func nodeRanges(_ state: WorkloadState) -> [WorkloadAction] {
        guard let ranges else { return [] }
        var taken = Set(state.nodes.flatMap(\.podRanges).compactMap { IPPrefix($0) })
        return state.nodes.filter { $0.podRanges.isEmpty && $0.metadata.deletionTimestamp == nil }
            .sorted { $0.metadata.name < $1.metadata.name }
            .compactMap { node in
                guard let free = ranges.next(taken: taken) else { return nil }
                taken.formUnion(free)
                return .addRanges(node: node.metadata.name, free.map(\.description))
            }
    }
}
