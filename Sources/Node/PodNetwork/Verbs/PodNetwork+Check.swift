import NetTypes
import Netlink
import Synchronization

extension PodNetworkAgent {
    func check(_ key: AttachmentKey, _ request: CNIRequest) async throws(CNIError) {
        guard let previous = request.configuration.previousResult else {
            throw CNIError(.invalidConfiguration, "CHECK needs \"prevResult\", the result of ADD")
        }
        guard let reservation = state.withLock({ $0.ledger[key] }), reservation.state == .attached else {
            throw CNIError(
                .checkFailed, "this node has no reservation for container \(key.container), \(key.interface)")
        }
        let foreign = reservation.addresses.filter { !previous.addresses.contains($0) }
        guard foreign.isEmpty, previous.podInterfaces[key.interface] != nil else {
            throw CNIError(
                .checkFailed,
                "\"prevResult\" does not tell of \(key.interface) with \(reservation.addresses.map(\.description))")
        }
        let namespace = try PodNamespace.open(request.namespacePath ?? "", seenBy: request.caller)
        guard namespace.identity.device == reservation.namespace.device,
            namespace.identity.inode == reservation.namespace.inode
        else { throw CNIError(.checkFailed, "CNI_NETNS \(namespace.path) is another network namespace than at ADD") }
        let difference: String?
        do throws(KernelError) {
            let check = WiringCheck(wiring: wiring(for: reservation))
            difference = try await wirer(of: key).difference(check, in: namespace)
        } catch {
            throw CNIError(.kernelRefused, "the pod's interface could not be looked at", details: "\(error)")
        }
        if let difference { throw CNIError(.checkFailed, difference) }
        if let missing = await hostPorts.missing(reservation) {
            throw CNIError(.checkFailed, "the node no longer forwards its port \(missing) to the pod")
        }
    }
}
