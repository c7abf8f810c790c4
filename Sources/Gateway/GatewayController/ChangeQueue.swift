import Synchronization
package import TrafficCompiler

/// Where the watches meet the control loop: many push, one takes.
///
/// Nothing comes out before every kind that was promised has delivered its first full list, because a plan made from
/// half the objects would answer 404 for the other half. After that a lone change is handed over at once, and what
/// arrives while the loop is busy is taken in one batch.
package final class ChangeQueue: Sendable {
    private struct State {
        var unsynced: Set<String>
        var pending: [SourceChange] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isFinished = false

        var isReady: Bool { unsynced.isEmpty && (!pending.isEmpty || isFirst) || isFinished }
        /// The first batch is handed over even when the cluster is empty: an empty plan is a plan.
        var isFirst = true

        mutating func readyWaiter() -> CheckedContinuation<Void, Never>? {
            guard isReady else { return nil }
            defer { waiter = nil }
            return waiter
        }
    }

    private let state: Mutex<State>

    package init(waitingFor kinds: Set<String>) {
        state = Mutex(State(unsynced: kinds))
    }

    /// The kinds whose first list is still missing, for readiness and its explanation.
    package var unsynced: Set<String> { state.withLock(\.unsynced) }

    package func push(_ changes: [SourceChange]) {
        let waiter = state.withLock { state in
            state.pending += changes
            return state.readyWaiter()
        }
        waiter?.resume()
    }

    package func synced(_ kind: String) {
        let waiter = state.withLock { state in
            state.unsynced.remove(kind)
            return state.readyWaiter()
        }
        waiter?.resume()
    }

    /// All changes since the last call; waits until there are some. `nil` once the calling task is cancelled.
    package func next() async -> [SourceChange]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumesNow = state.withLock { state in
                    if state.isReady { return true }
                    state.waiter = continuation
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.isFinished = true
                return state.readyWaiter()
            }
            waiter?.resume()
        }
        return state.withLock { state in
            if state.isFinished { return nil }
            state.isFirst = false
            defer { state.pending = [] }
            return state.pending
        }
    }
}
