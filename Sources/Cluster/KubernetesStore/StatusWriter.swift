package import KubernetesClient
package import KubernetesModel
package import Logging
import Metrics
import Synchronization

/// Writes the status of objects by server-side apply under one field manager. `put` never waits; of several wishes for
/// one object the last counts. A status of ours that another wish leaves out is withdrawn by applying less.
package final class StatusWriter: Sendable {
    private let client: KubernetesClient
    private let fieldManager: String
    private let concurrency: Int
    private let underWay = Mutex(0)
    private let logger: Logger
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private let queue: Mutex<StatusQueue>
    private let bell = Doorbell()
    private let writes = Counter(label: "fairway_kubernetes_status_writes")
    private let failures = Counter(label: "fairway_kubernetes_status_write_failures")

    package init(
        client: KubernetesClient, fieldManager: String, concurrency: Int = 4, queue: StatusQueue = StatusQueue(),
        logger: Logger
    ) {
        self.client = client
        self.fieldManager = fieldManager
        self.concurrency = concurrency
        self.queue = Mutex(queue)
        self.logger = logger
    }

    /// `status` holds the fields that are ours, and no others. `uid` keeps the write from hitting another object that
    /// has taken the name since.
    package func put(_ target: StatusTarget, uid: String?, status: JSONValue) {
        var metadata: JSONValue = ["name": .string(target.name.name)]
        if target.kind.isNamespaced { metadata["namespace"] = .string(target.name.namespace) }
        if let uid { metadata["uid"] = .string(uid) }
        let body: JSONValue = [
            "apiVersion": .string(target.kind.apiVersion), "kind": .string(target.kind.kind), "metadata": metadata,
            "status": status,
        ]
        queue.withLock { $0.put(target, body) }
        bell.ring()
    }

    /// The object is gone: there is nothing to write.
    package func forget(_ target: StatusTarget) { queue.withLock { $0.forget(target) } }

    /// Leadership was lost: nothing is ours to write, and what was written may not stand.
    package func forgetAll() { queue.withLock { $0.forgetAll() } }

    /// Runs until cancelled.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while true {
                try Task.checkCancellation()
                let isFull = underWay.withLock { $0 >= concurrency }
                let action = isFull ? .wait(nil) : queue.withLock { $0.next(now: clock.now - start) }
                switch action {
                case .write(let target, let body):
                    underWay.withLock { $0 += 1 }
                    group.addTask {
                        await self.write(target, body)
                        self.underWay.withLock { $0 -= 1 }
                        self.bell.ring()
                    }
                case .wait(let pause):
                    try await bell.wait(atMost: pause)
                }
            }
        }
    }

    private func write(_ target: StatusTarget, _ body: JSONValue) async {
        do {
            try await client.apply(
                body, as: target.kind, fieldManager: fieldManager, force: true, subresource: "status")
            writes.increment()
            queue.withLock { $0.wrote(target, body) }
        } catch  where error.isNotFound || error.isConflict {
            // Gone, or another object under the same name (by its uid): its own events bring what it needs.
            queue.withLock { $0.forget(target) }
        } catch  where error.isRetryable {
            failures.increment()
            queue.withLock {
                $0.failed(
                    target, body, retryAfter: error.retryAfter, spread: .random(in: 0..<1), now: clock.now - start)
            }
        } catch {
            guard !error.isCancelled else { return }
            failures.increment()
            queue.withLock { $0.forget(target) }
            logger.warning("status not written", metadata: ["error": "\(error)", "object": "\(target)"])
        }
    }
}
