import PodNetwork

/// Puts every pod into the node's policy maps before its first packet. Until there is a policy engine all doors are open;
/// the order is what counts: ADD does not return before the kernel has the pod's entries.
struct PolicyAdmission: PodAdmission {
    let services: ServiceProgrammer

    func admit(_ attachment: PodAttachment) async throws {
        try await services.setIsolation(.open, pods: attachment.addresses)
    }

    func dismiss(_ attachment: PodAttachment) async {
        // What cannot be removed now is found by the next audit, and says no more than "open".
        try? await services.clearIsolation(pods: attachment.addresses)
    }

    func restore(_ attachments: [PodAttachment]) async throws {
        try await services.restoreIsolation(.open, pods: attachments.flatMap(\.addresses))
    }
}
