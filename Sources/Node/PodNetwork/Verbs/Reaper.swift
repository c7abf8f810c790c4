import Logging
import NetTypes
import Netlink
import Synchronization

/// Deletes the links of pods that are gone, and only then gives their addresses back.
///
/// A link's deletion waits some 20 ms inside the kernel, however many go at once: so DEL answers first, and what piles up meanwhile
/// goes together.
final class Reaper: Sendable {
    private let thread: WiringThread
    private let turn = AsyncLock()
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(thread: WiringThread) {
        self.thread = thread
    }

    /// There is something to do for `run`.
    func notify() { wake.yield() }

    func run(_ agent: PodNetworkAgent) async {
        for await _ in wakes { await reapAll(agent) }
    }

    func reapAll(_ agent: PodNetworkAgent) async {
        await reap(now: agent.reservations.filter { $0.state == .releasing }.map(\.key), agent)
    }

    /// Returns when those of `keys` that are being released are gone, or could not be deleted now.
    func reap(now keys: [AttachmentKey], _ agent: PodNetworkAgent) async {
        guard !keys.isEmpty else { return }
        await turn.withLock {
            // Looked up under the lock: a key may have been freed, and be somebody else's, since the caller saw it.
            let releasing = agent.reservations(keys).filter { $0.state == .releasing }
            let gone = await thread.deleteLinks(releasing.map { PodLink($0.key).hostName })
            for reservation in releasing where gone.contains(PodLink(reservation.key).hostName) {
                // In this order: nobody else may have the address before the policy has forgotten it.
                await agent.settings.admission?.dismiss(PodAttachment(reservation))
                agent.state.withLock { $0.record([.freed(reservation.key)]) }
            }
            let left = releasing.count - gone.count
            if left > 0 {
                agent.log.warning("\(left) links of pods that are gone could not be deleted; they are tried again")
            }
        }
    }
}
