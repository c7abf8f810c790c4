import KubernetesModel
import Testing

@testable import Lab

@Suite
struct SchedulingTests {
    private func pod(_ name: String, _ change: (inout Pod.Spec) -> Void = { _ in }) -> Pod {
        var spec = Pod.Spec(containers: [.init(name: "main")])
        change(&spec)
        return Pod(metadata: ObjectMeta(name: name, namespace: "default", uid: name), spec: spec)
    }

    private func place(
        _ pods: [Pod], nodes: [String] = ["a", "b"], _ change: (inout [Node]) -> Void = { _ in }
    )
        -> [WorkloadAction]
    {
        var state = SimulatedCluster(nodes: nodes).state
        change(&state.nodes)
        state.pods = pods.filter { $0.spec?.nodeName != nil }
        var scheduling = Scheduling(state)
        return scheduling.actions(for: pods.filter { $0.spec?.nodeName == nil })
    }

    @Test
    func `a pod goes where its labels ask for`() {
        let actions = place([pod("p") { $0.nodeSelector = ["disk": "b"] }])
        #expect(actions == [.bind(ObjectName(namespace: "default", name: "p"), node: "b")])
    }

    @Test
    func `a pod that fits nowhere is told why, once`() {
        var lost = pod("p") { $0.nodeSelector = ["disk": "c"] }
        let reason = "no node has the labels of spec.nodeSelector"
        #expect(place([lost]) == [.unschedulable(lost.objectName, reason: reason)])
        lost.status = .init(conditions: [.init(type: "PodScheduled", status: "False", message: reason)])
        #expect(place([lost]).isEmpty)
    }

    @Test
    func `nothing goes to a node that is not ready or is cordoned`() {
        let actions = place([pod("p"), pod("q")], nodes: ["a", "b", "c"]) { nodes in
            nodes[0].status?.conditions = []
            nodes[1].spec = .init(unschedulable: true)
        }
        let onThird = ["p", "q"].map { WorkloadAction.bind(ObjectName(namespace: "default", name: $0), node: "c") }
        #expect(actions == onThird)
    }

    @Test
    func `two pods of one host port go to two nodes, and a third to none`() {
        let pods = ["p", "q", "r"].map { name in
            pod(name) { spec in
                var port = Pod.Port(containerPort: 80)
                port.hostPort = 8080
                spec.containers?[0].ports = [port]
            }
        }
        let actions = place(pods)
        #expect(actions.prefix(2).map(node).sorted() == ["a", "b"])
        #expect(
            actions.last
                == .unschedulable(
                    pods[2].objectName, reason: "the host ports are taken on every node that fits"))
    }

    private func node(_ action: WorkloadAction) -> String {
        if case .bind(_, let node) = action { node } else { "" }
    }
}
