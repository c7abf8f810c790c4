import Foundation
import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging
import Metrics
import Synchronization
import TrafficCompiler

/// Carries out what `PolicyStatusMachine` decides, by server-side apply under our own name.
final class PolicyStatusWriter: Sendable {
    /// What is accepted is mostly acknowledged this soon, and then costs one write.
    private static let patience: Duration = .milliseconds(50)

    private let client: KubernetesClient
    private let logger: Logger
    private let machine: Mutex<PolicyStatusMachine>
    /// One wake-up is as good as many.
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let written = Counter(label: "fairway_policy_status_writes_total")
    private let failed = Counter(label: "fairway_policy_status_write_failures_total")

    init(client: KubernetesClient, controllerName: String, logger: Logger) {
        self.client = client
        self.logger = logger
        machine = Mutex(PolicyStatusMachine(controllerName: controllerName))
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells the machine something, and looks soon whether a write has become due.
    func update(_ change: (inout PolicyStatusMachine) -> Void) {
        machine.withLock { change(&$0) }
        wake.yield()
    }

    /// Runs until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var backoff = Backoff(base: .seconds(1), ceiling: .seconds(60))
            for await _ in wakeUps {
                do { try await Task.sleep(for: Self.patience) } catch { break }  // The controller ends.
                let now = Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
                let due = machine.withLock { $0.due(now: now) }
                guard !due.isEmpty else { continue }
                if await StatusWrites.all(due, { await self.write($0) }) {
                    backoff.succeeded()
                } else {
                    // What is due meanwhile does not wait for it.
                    let pause = backoff.failed(spread: .random(in: 0..<1))
                    group.addTask {
                        do { try await Task.sleep(for: pause) } catch { return }
                        self.update { $0.retry() }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func write(_ write: PolicyStatusMachine.Write) async -> Bool {
        let outcome = await outcome(of: write)
        machine.withLock { $0.finished(write, outcome) }
        // What changed while the write was in flight is due now.
        wake.yield()
        if case .failed = outcome { return false }
        return true
    }

    private func outcome(of write: PolicyStatusMachine.Write) async -> PolicyStatusMachine.Outcome {
        guard let resource = Self.resource(of: write.name) else { return .superseded }
        do throws(KubernetesError) {
            _ = try await client.apply(
                Self.object(write, resource), as: resource, fieldManager: IngressStatusWriter.fieldManager,
                force: true, subresource: "status")
            written.increment()
            return .written
        } catch {
            if error.isNotFound || error.isConflict { return .superseded }
            if !error.isCancelled {
                failed.increment()
                // An API server that is away is the reflectors' to report.
                logger.log(
                    level: error.isRetryable ? .debug : .warning, "status not written",
                    metadata: ["policy": "\(write.name)", "error": "\(error)"])
            }
            return .failed
        }
    }

    private static func resource(of name: PolicyName) -> ResourceKind? {
        [RateLimitPolicy.resource, ClientPolicy.resource].first { $0.kind == name.kind }
    }

    private static func object(_ write: PolicyStatusMachine.Write, _ resource: ResourceKind) -> JSONValue {
        var metadata: [String: JSONValue] = [
            "name": .string(write.name.name.name), "namespace": .string(write.name.name.namespace),
        ]
        if let uid = write.uid { metadata["uid"] = .string(uid) }
        if let version = write.resourceVersion { metadata["resourceVersion"] = .string(version) }
        return [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind), "metadata": .object(metadata),
            "status": ["ancestors": .array(write.ancestors.map(json))],
        ]
    }

    private static func json(_ ancestor: PolicyStatus.Ancestor) -> JSONValue {
        let reference = ancestor.ancestorRef
        var target: [String: JSONValue] = ["name": .string(reference.name)]
        for (key, value) in [
            ("group", reference.group), ("kind", reference.kind), ("namespace", reference.namespace),
            ("sectionName", reference.sectionName),
        ] {
            if let value { target[key] = .string(value) }
        }
        return [
            "ancestorRef": .object(target), "controllerName": .string(ancestor.controllerName),
            "conditions": .array((ancestor.conditions ?? []).map(json)),
        ]
    }

    private static func json(_ condition: Condition) -> JSONValue {
        var value: [String: JSONValue] = [
            "type": .string(condition.type), "status": .string(condition.status), "reason": .string(condition.reason),
            "message": .string(condition.message),
        ]
        if let generation = condition.observedGeneration { value["observedGeneration"] = .integer(generation) }
        if let time = condition.lastTransitionTime { value["lastTransitionTime"] = .string(time.description) }
        return .object(value)
    }
}
