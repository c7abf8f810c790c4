import KubernetesModel
import Synchronization
package import TrafficCompiler

/// Where the watches meet the control loop: many push, one takes.
///
/// Nothing comes out before every kind that was promised has delivered its first full list, because a plan made from
/// half the objects would answer 404 for the other half. After that a lone change is handed over at once, and what
/// arrives while the loop is busy is taken in one batch.
package final class ChangeQueue: Sendable {
    private struct State {
        /// With why the list is missing, where that is known.
        var unsynced: [String: String]
        var pending = PendingChanges()
        var waiter: CheckedContinuation<Void, Never>?
        var isFinished = false
        /// A batch is due although nothing may have changed. The first one always is: of an empty cluster, the plan is
        /// empty.
        var isDue = true

        var isReady: Bool { unsynced.isEmpty && (!pending.changes.isEmpty || isDue) || isFinished }

        mutating func readyWaiter() -> CheckedContinuation<Void, Never>? {
            guard isReady else { return nil }
            defer { waiter = nil }
            return waiter
        }
    }

    private let state: Mutex<State>

    package init(waitingFor kinds: Set<String>) {
        state = Mutex(State(unsynced: Dictionary(uniqueKeysWithValues: kinds.map { ($0, "") })))
    }

    /// The kinds whose first list is still missing, each with the last failure to get it; for readiness.
    package var unsynced: [String: String] { state.withLock(\.unsynced) }

    package func push(_ changes: [SourceChange]) {
        update { state in
            for change in changes { state.pending.add(change) }
        }
    }

    /// Asks for a batch even if nothing changes, for what time alone changes.
    package func tick() { update { $0.isDue = true } }

    package func synced(_ kind: String) { update { $0.unsynced[kind] = nil } }

    /// The list of a kind could not be had. Once it was, failures are no matter of this queue.
    package func failed(_ kind: String, _ reason: String) {
        update { state in
            if state.unsynced[kind] != nil { state.unsynced[kind] = reason }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
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
            state.isDue = false
            return state.pending.take()
        }
    }
}

/// Changes in the order of their arrival. Of one object that changes again and again only the last is kept, so that a
/// kind that cannot be listed for days does not let the others pile up.
struct PendingChanges {
    private static let leastCompacted = 1024

    private(set) var changes: [SourceChange] = []
    private var compactAt = leastCompacted

    mutating func add(_ change: SourceChange) {
        changes.append(change)
        guard changes.count >= compactAt else { return }
        var seen: Set<Subject> = []
        changes = changes.reversed().filter { seen.insert(Subject($0)).inserted }.reversed()
        compactAt = max(Self.leastCompacted, 2 * changes.count)
    }

    mutating func take() -> [SourceChange] {
        defer { self = PendingChanges() }
        return changes
    }

    private struct Subject: Hashable {
        var kind: String
        var name: ObjectName

        init(_ change: SourceChange) {
            (kind, name) =
                switch change {
                case .ingress(let name, _): (Ingress.resource.kind, name)
                case .ingressClass(let name, _): (IngressClass.resource.kind, name)
                case .service(let name, _): (Service.resource.kind, name)
                case .endpointSlice(let name, _): (EndpointSlice.resource.kind, name)
                case .secret(let name, _): (Secret.resource.kind, name)
                case .rateLimitPolicy(let name, _): (RateLimitPolicy.resource.kind, name)
                case .clientPolicy(let name, _): (ClientPolicy.resource.kind, name)
                }
        }
    }
}
