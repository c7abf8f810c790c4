import Foundation
package import KubernetesClient
import KubernetesModel
package import Logging
import Metrics
import Synchronization

/// Writes Events about objects. `record` never waits and never fails; `run` writes behind it.
package final class EventRecorder: Sendable {
    private struct State {
        var aggregator: EventAggregator
        var reportedDrops = 0
    }

    private let client: KubernetesClient
    private let logger: Logger
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private let state: Mutex<State>
    private let bell = Doorbell()
    private let drops = Counter(label: "fairway_kubernetes_events_dropped")
    private let writes = Counter(label: "fairway_kubernetes_events_written")

    /// `component` is the controller's name, `instance` this process's.
    package init(
        client: KubernetesClient, component: String, instance: String, limits: EventAggregator.Limits = .init(),
        logger: Logger
    ) {
        self.client = client
        self.logger = logger
        let serial = UInt64(max(0, Date().timeIntervalSince1970) * 1_000_000)
        state = Mutex(
            State(
                aggregator: EventAggregator(
                    component: component, instance: instance, serial: serial, limits: limits)))
    }

    package func record(_ occurrence: Occurrence) {
        let time = Timestamp(secondsSinceEpoch: Int64(Date().timeIntervalSince1970))
        state.withLock { $0.aggregator.occurred(occurrence, now: clock.now - start, time: time) }
        bell.ring()
    }

    /// Runs until cancelled. What is not written by then is lost: events are news, not records.
    package func run() async throws {
        while true {
            try Task.checkCancellation()
            let (action, dropped) = state.withLock { state in
                defer { state.reportedDrops = state.aggregator.dropped }
                let action = state.aggregator.next(now: clock.now - start)
                return (action, state.aggregator.dropped - state.reportedDrops)
            }
            if dropped > 0 { drops.increment(by: dropped) }
            switch action {
            case .create(let occurrence, let event):
                await write(occurrence) { () async throws(KubernetesError) in _ = try await client.create(event) }
            case .raise(let occurrence, let event, let count, let last):
                let body: JSONValue = ["count": .integer(Int64(count)), "lastTimestamp": .string("\(last)")]
                await write(occurrence) { () async throws(KubernetesError) in
                    try await client.patch(KubernetesEvent.resource, event, body, type: .merge)
                }
            case .wait(let pause):
                try await bell.wait(atMost: pause)
            }
        }
    }

    private func write(_ occurrence: Occurrence, _ send: () async throws(KubernetesError) -> Void) async {
        do {
            try await send()
            writes.increment()
            state.withLock { $0.aggregator.wrote(occurrence) }
        } catch {
            let now = clock.now - start
            let isRaise = error.isNotFound && error.operation == "patch"
            state.withLock { state in
                if isRaise {
                    state.aggregator.vanished(occurrence, now: now)
                } else {
                    let pause: Duration? = error.isRetryable ? max(.seconds(5), error.retryAfter ?? .zero) : nil
                    state.aggregator.failed(occurrence, retryAfter: pause, now: now)
                }
            }
            logger.debug("event not written", metadata: ["error": "\(error)", "event.reason": "\(occurrence.reason)"])
        }
    }
}
