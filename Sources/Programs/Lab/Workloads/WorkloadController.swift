import FoundationEssentials
import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging

/// Runs Deployments, ReplicaSets and the placing of pods, and gives nodes their pod ranges. Each round looks at
/// everything afresh: a lab is small, and a round never acts on what it has already changed.
struct WorkloadController: Sendable {
    private let client: KubernetesClient
    private let plan: WorkloadPlan
    private let logger: Logger

    init(client: KubernetesClient, ranges: NodeRanges?, logger: Logger) {
        self.client = client
        plan = WorkloadPlan(ranges: ranges)
        self.logger = logger
    }

    /// Runs until cancelled.
    func run() async throws {
        let (bells, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow(Deployment.self, bell) }
            group.addTask { try await follow(ReplicaSet.self, bell) }
            group.addTask { try await follow(Pod.self, bell) }
            group.addTask { try await follow(Node.self, bell) }
            group.addTask { try await work(bells, bell) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func follow<O: KubernetesObject>(_ type: O.Type, _ bell: AsyncStream<Void>.Continuation) async throws {
        try await Reflector<O>(client: client, logger: logger).run { _ in bell.yield() }
    }

    private func work(_ bells: AsyncStream<Void>, _ bell: AsyncStream<Void>.Continuation) async throws {
        var random = SystemRandomNumberGenerator()
        try await withThrowingDiscardingTaskGroup { group in
            for await _ in bells {
                let mustReturn: Bool
                do {
                    mustReturn = try await round(&random)
                } catch {
                    try Task.checkCancellation()
                    logger.warning("workloads not looked after; trying again", metadata: ["error": "\(error)"])
                    mustReturn = true
                }
                guard mustReturn else { continue }
                group.addTask {
                    try await Task.sleep(for: .seconds(1))
                    bell.yield()
                }
            }
        }
    }

    /// Returns whether to come back in a second although nothing may change.
    private func round(_ random: inout some RandomNumberGenerator) async throws -> Bool {
        while true {
            let state = try await look()
            let actions = plan.actions(state, random: &random)
            guard !actions.isEmpty else { return state.dependsOnTime }
            var failures = 0
            for action in actions where !(await attempt(action)) { failures += 1 }
            if failures > 0 { return true }
        }
    }

    private func look() async throws(KubernetesError) -> WorkloadState {
        // Owners last: an object that was made meanwhile is seen with whom it belongs to.
        var state = WorkloadState()
        state.nodes = try await all(Node.self)
        state.deployments = try await all(Deployment.self)
        state.replicaSets = try await all(ReplicaSet.self)
        state.pods = try await all(Pod.self)
        state.now = Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
        return state
    }

    private func all<O: KubernetesObject>(_ type: O.Type) async throws(KubernetesError) -> [O] {
        try await client.list(type).items
    }

    /// An object that somebody else changed or removed meanwhile is looked at again in the next round.
    private func attempt(_ action: WorkloadAction) async -> Bool {
        do throws(KubernetesError) {
            try await carryOut(action)
            return true
        } catch {
            if error.isNotFound || error.isConflict || error.code == .alreadyExists { return true }
            logger.warning("a step of the workload controller failed", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func carryOut(_ action: WorkloadAction) async throws(KubernetesError) {
        switch action {
        case .createReplicaSet(let object): try await client.create(object, as: ReplicaSet.resource)
        case .createPod(let object): try await client.create(object, as: Pod.resource)
        case .scale(let name, let replicas):
            logger.debug("scaling", metadata: ["replicaset": "\(name)", "replicas": "\(replicas)"])
            try await patch(ReplicaSet.resource, name, ["spec": ["replicas": .integer(Int64(replicas))]])
        case .annotate(let kind, let name, let annotations):
            let values = annotations.mapValues(JSONValue.string)
            try await patch(kind, name, ["metadata": ["annotations": .object(values)]])
        case .deleteReplicaSet(let name): try await client.delete(ReplicaSet.resource, name)
        case .deletePod(let name): try await client.delete(Pod.resource, name)
        case .bind(let name, let node):
            try await patch(Pod.resource, name, ["spec": ["nodeName": .string(node)]])
        case .unschedulable(let name, let reason):
            logger.warning("pod fits on no node", metadata: ["pod": "\(name)", "reason": "\(reason)"])
            try await patch(
                Pod.resource, name,
                [
                    "status": [
                        "phase": "Pending",
                        "conditions": [
                            [
                                "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                "message": .string(reason),
                            ]
                        ],
                    ]
                ], subresource: "status")
        case .status(let kind, let name, let status):
            try await patch(kind, name, ["status": status], subresource: "status")
        case .addRanges(let node, let ranges):
            logger.info("node has its pod range", metadata: ["node": "\(node)", "ranges": "\(ranges)"])
            let list = JSONValue.array(ranges.map(JSONValue.string))
            try await patch(
                Node.resource, ObjectName(name: node),
                ["spec": ["podCIDR": .string(ranges.first ?? ""), "podCIDRs": list]])
        }
    }

    private func patch(
        _ kind: ResourceKind, _ name: ObjectName, _ body: JSONValue, subresource: String? = nil
    ) async throws(KubernetesError) {
        try await client.patch(kind, name, body, type: .merge, subresource: subresource)
    }
}
