import KubernetesClient
import KubernetesModel
import Synchronization

/// Between the watch and its consumer: holds what the consumer has not yet taken, merged, so that it stays as small as
/// the set of objects however slow the consumer is.
final class ReflectorMailbox<O: KubernetesObject>: Sendable {
    private let pending = Mutex(PendingOutputs<O>())
    private let bell = Doorbell()

    func put(_ change: (inout PendingOutputs<O>) -> Void) {
        let hasNews = pending.withLock { pending in
            change(&pending)
            return !pending.isEmpty
        }
        if hasNews { bell.ring() }
    }

    /// Everything that is pending; waits while there is nothing. Empty once the task is cancelled.
    func take() async -> [ReflectorOutput<O>] {
        await bell.wait()
        return pending.withLock { $0.drain() }
    }
}
