import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging
import Metrics
import Synchronization

/// Carries out what `IngressStatusMachine` decides: a few writes at a time, by server-side apply under our own name.
final class IngressStatusWriter: Sendable {
    static let fieldManager = "fairway-controller"

    private let client: KubernetesClient
    private let logger: Logger
    private let machine: Mutex<IngressStatusMachine>
    /// One wake-up is as good as many.
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let written = Counter(label: "fairway_ingress_status_writes_total")
    private let failed = Counter(label: "fairway_ingress_status_write_failures_total")

    init(client: KubernetesClient, points: [Ingress.Status.Point], logger: Logger) {
        self.client = client
        self.logger = logger
        machine = Mutex(IngressStatusMachine(points: points))
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Tells the machine something, and looks whether a write has become due.
    func update(_ change: (inout IngressStatusMachine) -> Void) {
        machine.withLock { change(&$0) }
        wake.yield()
    }

    /// Runs until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var backoff = Backoff(base: .seconds(1), ceiling: .seconds(60))
            for await _ in wakeUps {
                let due = machine.withLock { $0.due() }
                guard !due.isEmpty else { continue }
                if await write(due) {
                    backoff.succeeded()
                } else {
                    // What is due meanwhile does not wait for it.
                    let pause = backoff.failed(spread: .random(in: 0..<1))
                    group.addTask {
                        do { try await Task.sleep(for: pause) } catch { return }  // The controller ends.
                        self.update { $0.retry() }
                    }
                }
            }
            group.cancelAll()
        }
    }

    private func write(_ writes: [IngressStatusMachine.Write]) async -> Bool {
        await StatusWrites.all(writes) { await self.write($0) }
    }

    private func write(_ write: IngressStatusMachine.Write) async -> Bool {
        let points: [JSONValue] = write.points.map { point in
            var value: [String: JSONValue] = [:]
            if let ip = point.ip { value["ip"] = .string(ip) }
            if let hostname = point.hostname { value["hostname"] = .string(hostname) }
            return .object(value)
        }
        var metadata: [String: JSONValue] = [
            "name": .string(write.name.name), "namespace": .string(write.name.namespace),
        ]
        if let uid = write.uid { metadata["uid"] = .string(uid) }
        // An empty list is left out: applying nothing gives up what we owned, and the field goes.
        let loadBalancer: JSONValue = points.isEmpty ? [:] : ["ingress": .array(points)]
        let object: JSONValue = [
            "apiVersion": .string(Ingress.resource.apiVersion), "kind": .string(Ingress.resource.kind),
            "metadata": .object(metadata),
            "status": ["loadBalancer": loadBalancer],
        ]
        do throws(KubernetesError) {
            _ = try await client.apply(
                object, as: Ingress.resource, fieldManager: Self.fieldManager, force: true, subresource: "status")
            written.increment()
            machine.withLock { $0.finished(write, succeeded: true) }
            return true
        } catch {
            // Gone, or another object under the same name, by its uid: its own events bring what it needs.
            let isOver = error.isNotFound || error.isConflict
            if !isOver, !error.isCancelled {
                failed.increment()
                // An API server that is away is the reflectors' to report.
                logger.log(
                    level: error.isRetryable ? .debug : .warning, "status not written",
                    metadata: ["ingress": "\(write.name)", "error": "\(error)"])
            }
            machine.withLock { $0.finished(write, succeeded: isOver) }
            return isOver
        }
    }
}
