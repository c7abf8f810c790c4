import Foundation
import KubernetesModel
import TestSupport

@testable import Lab

/// Objects as the API would keep them, with the controllers' actions carried out on them at once, and a kubelet that makes
/// pods ready when the test says so.
struct SimulatedCluster {
    var state = WorkloadState()
    var random = SeededGenerator(seed: 7)
    private var uids = 0

    init(nodes: [String] = ["a", "b"]) {
        for name in nodes {
            state.nodes.append(
                Node(
                    metadata: ObjectMeta(name: name, uid: "node-\(name)", labels: ["disk": name]),
                    status: .init(conditions: [.init(type: "Ready", status: "True")])))
        }
    }

    mutating func deploy(_ name: String, replicas: Int32, image: String = "one", strategy: Deployment.Strategy? = nil) {
        let template: JSONValue = [
            "metadata": ["labels": ["app": .string(name)]],
            "spec": ["containers": [["name": "main", "image": .string(image)]]],
        ]
        if let index = state.deployments.firstIndex(where: { $0.metadata.name == name }) {
            state.deployments[index].spec.template = template
            state.deployments[index].spec.replicas = replicas
            return
        }
        let metadata = ObjectMeta(name: name, namespace: "default", uid: "deployment-\(name)")
        let spec = Deployment.Spec(
            replicas: replicas, selector: LabelSelector(matchLabels: ["app": name]), template: template,
            strategy: strategy)
        state.deployments.append(Deployment(metadata: metadata, spec: spec))
    }

    /// One round of the controllers. Returns whether anything but status was wanted.
    @discardableResult
    mutating func round() throws -> Bool {
        let actions = WorkloadPlan(ranges: nil).actions(state, random: &random)
        var hasWork = false
        for action in actions {
            if case .status = action {} else { hasWork = true }
            try carryOut(action)
        }
        return hasWork
    }

    /// Rounds until nothing is wanted, with every pod becoming ready in between where `readies`.
    mutating func settle(readies: Bool = true, watching: (SimulatedCluster) throws -> Void = { _ in }) throws {
        for _ in 0..<200 {
            let hasWork = try round()
            try watching(self)
            if readies { makeAllReady() }
            state.pods.removeAll(where: \.isTerminating)
            if !hasWork, !readies || state.pods.allSatisfy(\.isReady) { return }
        }
        throw NeverSettled()
    }

    struct NeverSettled: Error {}

    mutating func makeAllReady() {
        for index in state.pods.indices where state.pods[index].spec?.nodeName != nil {
            state.pods[index].status = .init(
                phase: "Running", conditions: [.init(type: "Ready", status: "True")])
        }
    }

    private mutating func carryOut(_ action: WorkloadAction) throws {
        switch action {
        case .createReplicaSet(let object): state.replicaSets.append(try made(object))
        case .createPod(let object): state.pods.append(try made(object))
        case .scale(let name, let replicas):
            for index in state.replicaSets.indices where state.replicaSets[index].objectName == name {
                state.replicaSets[index].spec.replicas = Int32(replicas)
            }
        case .annotate(let kind, let name, let annotations):
            if kind == ReplicaSet.resource {
                for index in state.replicaSets.indices where state.replicaSets[index].objectName == name {
                    state.replicaSets[index].metadata.annotations = annotations
                }
            } else {
                for index in state.deployments.indices where state.deployments[index].objectName == name {
                    state.deployments[index].metadata.annotations = annotations
                }
            }
        case .deleteReplicaSet(let name): state.replicaSets.removeAll { $0.objectName == name }
        case .deletePod(let name):
            for index in state.pods.indices where state.pods[index].objectName == name {
                state.pods[index].metadata.deletionTimestamp = Timestamp(secondsSinceEpoch: 1)
            }
        case .bind(let name, let node):
            for index in state.pods.indices where state.pods[index].objectName == name {
                state.pods[index].spec?.nodeName = node
            }
        case .unschedulable(let name, let reason):
            for index in state.pods.indices where state.pods[index].objectName == name {
                state.pods[index].status = .init(
                    phase: "Pending", conditions: [.init(type: "PodScheduled", status: "False", message: reason)])
            }
        case .status(let kind, let name, let status):
            if kind == ReplicaSet.resource {
                for index in state.replicaSets.indices where state.replicaSets[index].objectName == name {
                    state.replicaSets[index].status = status
                }
            } else {
                for index in state.deployments.indices where state.deployments[index].objectName == name {
                    state.deployments[index].status = status
                }
            }
        case .addRanges: break
        }
    }

    private mutating func made<O: KubernetesObject>(_ object: JSONValue) throws -> O {
        uids += 1
        var made = try JSONDecoder().decode(O.self, from: Data(object.serialized()))
        made.metadata.uid = "made-\(uids)"
        made.metadata.creationTimestamp = Timestamp(secondsSinceEpoch: Int64(uids))
        return made
    }
}
