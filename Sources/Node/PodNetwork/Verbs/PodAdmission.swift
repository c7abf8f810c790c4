package import NetTypes

/// A pod's interface as the rest of the node sees it.
package struct PodAttachment: Sendable, Hashable {
    package var key: AttachmentKey
    package var pod: PodIdentity
    package var addresses: [IPAddress]
    /// The node's end of the pod's link.
    package var hostLink: String

    init(_ reservation: Reservation) {
        key = reservation.key
        pod = reservation.pod
        addresses = reservation.addresses
        hostLink = PodLink(reservation.key).hostName
    }
}

/// Who must have a pod in the kernel before its first packet: the node's policy map.
package protocol PodAdmission: Sendable {
    /// Returns when the pod's entries are committed. ADD makes the pod's interface only afterwards, and fails where this throws.
    func admit(_ attachment: PodAttachment) async throws
    /// The link is gone. Must not fail: the address is about to be given to somebody else.
    func dismiss(_ attachment: PodAttachment) async
    /// These and no others are there, after a restart of the agent.
    func restore(_ attachments: [PodAttachment]) async throws
}
