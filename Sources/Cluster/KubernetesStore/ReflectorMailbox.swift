import KubernetesClient
import KubernetesModel
import Synchronization

/// Between the watch and its consumer: holds what the consumer has not yet taken, merged, so that it stays as small as
/// the set of objects however slow the consumer is.
final class ReflectorMailbox<O: KubernetesObject>: Sendable {
    private struct State {
        var pending = PendingOutputs<O>()
        var waiting: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())

    func put(_ change: (inout PendingOutputs<O>) -> Void) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state.pending)
            guard !state.pending.isEmpty else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Everything that is pending; waits while there is nothing. Empty once the task is cancelled.
    func take() async -> [ReflectorOutput<O>] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state -> Bool in
                    if state.isClosed || !state.pending.isEmpty { return true }
                    state.waiting = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.waiting = nil }
                state.isClosed = true
                return state.waiting
            }
            waiting?.resume()
        }
        return state.withLock { $0.pending.drain() }
    }
}
