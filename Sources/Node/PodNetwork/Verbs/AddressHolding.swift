package import NetTypes
import Synchronization

/// One address that is in use, and why: a line of `fairway node addresses`.
package struct AddressHolding: Sendable, Hashable {
    package var address: IPAddress
    package var key: AttachmentKey
    package var pod: PodIdentity
    package var state: Reservation.State
    package var network: String
    /// The node's end of the pod's link.
    package var hostLink: String
    package var namespacePath: String
    /// Seconds since 1970, by the clock of then.
    package var since: Int64
    /// The node has no such pod CIDR any more; the pod keeps the address until it ends.
    package var isOutsidePools: Bool

    /// Why the address is not free, in words.
    package var reason: String {
        let subject = pod.name.isEmpty ? "container \(key.container)" : "pod \(pod.namespace)/\(pod.name)"
        let outside = isOutsidePools ? "; it lies outside of the node's pod CIDRs of now" : ""
        switch state {
        case .reserved: return "\(subject) is being connected\(outside)"
        case .attached: return "\(subject) has it on \(key.interface)\(outside)"
        case .releasing: return "\(subject) is gone; its link \(hostLink) is being deleted\(outside)"
        }
    }
}

extension PodNetworkAgent {
    /// Who holds which address and why, in the order of the addresses.
    package func addresses() -> [AddressHolding] {
        let (all, pools) = state.withLock { ($0.ledger.all, $0.ledger.pools) }
        return all.flatMap { reservation in
            reservation.addresses.map { address in
                AddressHolding(
                    address: address, key: reservation.key, pod: reservation.pod, state: reservation.state,
                    network: reservation.network, hostLink: PodLink(reservation.key).hostName,
                    namespacePath: reservation.namespace.path, since: reservation.since,
                    isOutsidePools: !pools.contains { $0.prefix.contains(address) })
            }
        }.sorted { $0.address < $1.address }
    }

    /// How many pods' addresses fit, for each pod CIDR, and how many are held.
    package func poolUse() -> [(prefix: IPPrefix, held: Int, capacity: Int)] {
        state.withLock { state in
            state.ledger.pools.map { ($0.prefix, state.ledger.held(in: $0), $0.capacity) }
        }
    }

    /// Pods that are attached, in the order of their keys.
    package func attachments() -> [PodAttachment] {
        reservations.filter { $0.state == .attached }.map(PodAttachment.init)
    }

    var reservations: [Reservation] { state.withLock { $0.ledger.all } }

    func reservations(_ keys: [AttachmentKey]) -> [Reservation] {
        state.withLock { state in keys.compactMap { state.ledger[$0] } }
    }
}
