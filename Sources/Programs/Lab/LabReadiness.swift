import KubernetesClient
import KubernetesModel

/// Waits until the lab is as its manifests ask for, and says what it waits for.
struct LabReadiness: Sendable {
    let client: KubernetesClient
    let nodes: Int
    let tell: @Sendable (String) -> Void

    /// Until all nodes are ready, so that pods are spread over all of them. A node that is not ready by then is not waited
    /// for: its agent's log tells why.
    func waitForNodes(within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        try await until("nodes", orAt: deadline) {
            let list = try await client.list(Node.self).items
            return (list.count(where: \.isReady), max(nodes, list.count))
        }
    }

    func waitForPods() async throws {
        try await until("pods") {
            let wanted = try await client.list(Deployment.self).items.reduce(0) { $0 + Int($1.spec.replicas ?? 1) }
            let pods = try await client.list(Pod.self).items
            let owned = pods.count { $0.metadata.controller != nil && $0.isReady && !$0.isTerminating }
            let single = pods.filter { $0.metadata.controller == nil }
            return (owned + single.count { $0.isReady || $0.isFinished }, wanted + single.count)
        }
    }

    private func until(
        _ what: String, orAt deadline: ContinuousClock.Instant? = nil,
        _ count: () async throws -> (ready: Int, wanted: Int)
    ) async throws {
        var told: String?
        while true {
            let (ready, wanted) = try await count()
            let line = "\(what.padding(8)) \(ready) of \(wanted) ready"
            if line != told { tell(line) }
            told = line
            if ready >= wanted { return }
            if let deadline, .now >= deadline { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
