import FoundationEssentials
import Glibc
import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging

/// What a kubelet is to its node: it registers the node, says whether pods can be added, and runs those that are given
/// to it.
struct NodeRunner: Sendable {
    let node: NodePlace
    let labels: [String: String]
    let client: KubernetesClient
    let logger: Logger

    /// Runs until cancelled.
    func run() async throws {
        try await register()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tellReadiness() }
            group.addTask { try await runPods() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - The Node object

    private func register() async throws(KubernetesError) {
        var all = labels
        all["kubernetes.io/hostname"] = node.name
        all["kubernetes.io/os"] = "linux"
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(node.name), "labels": .object(all.mapValues(JSONValue.string))],
        ]
        _ = try await client.apply(object, as: Node.resource, fieldManager: "fairway-lab", force: true)
        let addresses = node.addresses.map { ("InternalIP", $0) } + [("Hostname", node.name)]
        try await patch([
            "addresses": .array(addresses.map { ["type": .string($0.0), "address": .string($0.1)] }),
            "nodeInfo": [
                "kubeletVersion": "fairway-lab", "osImage": "network namespace", "kernelVersion": .string(Self.kernel),
                "containerRuntimeVersion": .string("netns://\(node.namespace.pid)"), "operatingSystem": "linux",
                "architecture": "", "bootID": "", "machineID": "", "systemUUID": "", "kubeProxyVersion": "",
            ],
        ])
    }

    private static var kernel: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private func patch(_ status: JSONValue) async throws(KubernetesError) {
        try await client.patch(
            Node.resource, ObjectName(name: node.name), ["status": status], type: .merge, subresource: "status")
    }

    /// Ready is what containerd would say: there is a network configuration, and its plugin answers STATUS.
    private func tellReadiness() async throws {
        var told: String?
        while true {
            let trouble = await trouble()
            let text = trouble ?? ""
            if text != told, await write(trouble) { told = text }
            // While it is not ready, looking costs no more than reading a folder.
            try await Task.sleep(for: trouble == nil ? .seconds(2) : .milliseconds(50))
        }
    }

    private func trouble() async -> String? {
        do {
            try await node.runtime.status()
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func write(_ trouble: String?) async -> Bool {
        do {
            let now = JSONValue.string(Timestamp.now.description)
            try await patch([
                "conditions": [
                    [
                        "type": "Ready", "status": trouble == nil ? "True" : "False",
                        "reason": trouble == nil ? "KubeletReady" : "NetworkPluginNotReady",
                        "message": .string(trouble ?? "pods can be added"), "lastHeartbeatTime": now,
                        "lastTransitionTime": now,
                    ]
                ]
            ])
            logger.info(
                trouble == nil ? "node is ready" : "node is not ready",
                metadata: ["node": "\(node.name)", "reason": "\(trouble ?? "pods can be added")"])
            return true
        } catch {
            return false
        }
    }

    // MARK: - Pods

    private func runPods() async throws {
        let (changes, feed) = AsyncStream<ObjectChange<Pod>>.makeStream()
        let options = ReflectorOptions<Pod>(selection: Selection(fields: "spec.nodeName=\(node.name)"))
        let reflector = Reflector<Pod>(client: client, options: options, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await reflector.run { output in
                    switch output {
                    case .synced(let changes), .changed(let changes): for change in changes { feed.yield(change) }
                    case .invalid, .connected, .disconnected: break
                    }
                }
            }
            group.addTask {
                await withDiscardingTaskGroup { pods in
                    var stops: [String: PodStop] = [:]
                    for await change in changes { handle(change, &stops, &pods) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func handle(
        _ change: ObjectChange<Pod>, _ stops: inout [String: PodStop], _ group: inout DiscardingTaskGroup
    ) {
        if let old = change.old?.metadata.uid, old != change.new?.metadata.uid {
            // Removed by force: nobody waits for it, so it gets little time.
            stops.removeValue(forKey: old)?.ask(grace: .seconds(1))
        }
        guard let pod = change.new, let uid = pod.metadata.uid else { return }
        if stops[uid] == nil {
            guard !pod.isFinished || pod.isTerminating else { return }
            let stop = PodStop()
            stops[uid] = stop
            if pod.isTerminating { stop.ask(grace: .zero) }
            let run = PodRun(pod: pod, node: node, client: client, stop: stop, logger: logger)
            group.addTask { await run.run() }
        }
        guard let deadline = pod.metadata.deletionTimestamp else { return }
        let grace = max(0, deadline.secondsSinceEpoch - Timestamp.now.secondsSinceEpoch)
        stops[uid]?.ask(grace: .seconds(grace))
    }
}
