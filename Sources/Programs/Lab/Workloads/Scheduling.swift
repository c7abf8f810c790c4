import KubernetesModel

/// Puts pods on nodes: where fewest of the same owner run, then where fewest run at all.
struct Scheduling {
    private let nodes: [Node]
    private var pods: [Pod]

    init(_ state: WorkloadState) {
        nodes = state.nodes
        pods = state.pods.filter { $0.spec?.nodeName != nil && !$0.isFinished }
    }

    mutating func actions(for waiting: [Pod]) -> [WorkloadAction] {
        waiting.sorted { $0.objectName < $1.objectName }.compactMap { pod in
            let fitting = nodes.filter { fits(pod, on: $0) }
            guard let best = fitting.min(by: { rank($0, for: pod) < rank($1, for: pod) }) else {
                let reason = reason(pod)
                let told = pod.status?.conditions?.first { $0.type == "PodScheduled" }?.message
                return told == reason ? nil : .unschedulable(pod.objectName, reason: reason)
            }
            var placed = pod
            placed.spec?.nodeName = best.metadata.name
            pods.append(placed)
            return .bind(pod.objectName, node: best.metadata.name)
        }
    }

    private func rank(_ node: Node, for pod: Pod) -> (Int, Int, String) {
        let here = pods.filter { $0.spec?.nodeName == node.metadata.name }
        let owner = pod.metadata.controller?.uid
        return (owner == nil ? 0 : here.count { $0.metadata.controller?.uid == owner }, here.count, node.metadata.name)
    }

    private func fits(_ pod: Pod, on node: Node) -> Bool {
        node.isReady && node.spec?.unschedulable != true && isSelected(node, by: pod) && hasFreePorts(node, for: pod)
    }

    private func isSelected(_ node: Node, by pod: Pod) -> Bool {
        (pod.spec?.nodeSelector ?? [:]).allSatisfy { node.metadata.labels?[$0.key] == $0.value }
    }

    private func hasFreePorts(_ node: Node, for pod: Pod) -> Bool {
        let wanted = Self.hostPorts(pod)
        guard !wanted.isEmpty else { return true }
        return pods.allSatisfy {
            $0.spec?.nodeName != node.metadata.name || Self.hostPorts($0).isDisjoint(with: wanted)
        }
    }

    private static func hostPorts(_ pod: Pod) -> Set<String> {
        let sharesNode = pod.spec?.hostNetwork == true
        let ports = (pod.spec?.containers ?? []).flatMap { $0.ports ?? [] }
        return Set(
            ports.compactMap { port in
                guard let number = sharesNode ? port.containerPort : port.hostPort, number > 0 else { return nil }
                return "\(port.protocol ?? "TCP") \(number)"
            })
    }

    private func reason(_ pod: Pod) -> String {
        let selected = nodes.filter { isSelected($0, by: pod) }
        if nodes.isEmpty { return "there are no nodes" }
        if selected.isEmpty { return "no node has the labels of spec.nodeSelector" }
        let open = selected.filter { $0.isReady && $0.spec?.unschedulable != true }
        if open.isEmpty { return "no node that fits is ready and schedulable" }
        return "the host ports are taken on every node that fits"
    }
}
