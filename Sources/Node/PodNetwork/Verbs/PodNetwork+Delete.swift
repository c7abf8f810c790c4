import Logging
import NetTypes
import Netlink
import Synchronization

extension PodNetworkAgent {
    /// Succeeds for what was never there, as often as it is asked. The pod's namespace is neither needed nor entered: the pod's end of
    /// a veth goes with the node's, so a path that means another namespace by now can do no harm.
    func delete(_ key: AttachmentKey) async throws(CNIError) {
        guard isRecovered else {
            throw CNIError(.tryAgainLater, "the agent has not yet compared its reservations with the kernel")
        }
        guard let reservation = state.withLock({ $0.ledger[key] }), reservation.state != .releasing else { return }
        await release(reservation)
    }

    /// Closes the pod's host ports and leaves the rest to the reaper.
    func release(_ reservation: Reservation) async {
        await close(reservation)
        state.withLock { $0.record([.releasing(reservation.key)]) }
        reaper.notify()
    }

    /// What it leads to is gone or going: a failure is not worth keeping the pod for, and the next restart or repair tries again.
    func close(_ reservation: Reservation) async {
        do throws(KernelError) {
            try await hostPorts.close(reservation)
        } catch {
            log.warning("the host ports of container \(reservation.key.container) could not be closed: \(error)")
        }
    }

    func collectGarbage(_ request: CNIRequest) async throws(CNIError) {
        guard let valid = request.configuration.validAttachments else {
            throw CNIError(
                .invalidConfiguration,
                "GC without \"cni.dev/valid-attachments\" would delete every pod's network: refused")
        }
        let network = request.configuration.name
        for reservation in reservations where reservation.network == network && !valid.contains(reservation.key) {
            await locks.withLock(reservation.key) {
                // The same one still, and not one that an ADD has made meanwhile.
                guard let present = state.withLock({ $0.ledger[reservation.key] }), present == reservation,
                    present.state == .attached
                else { return }
                log.info(
                    "the runtime no longer knows container \(present.key.container): its \(present.key.interface) is removed"
                )
                await release(present)
            }
        }
        await collect()
    }
}
