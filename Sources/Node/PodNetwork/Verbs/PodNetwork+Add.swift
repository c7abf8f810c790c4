import Glibc
import KubernetesModel
import Logging
import NetTypes
import Netlink
import Synchronization

extension PodNetworkAgent {
    func add(_ key: AttachmentKey, _ request: CNIRequest) async throws(CNIError) -> JSONValue {
        if let obstacle { throw CNIError(.tryAgainLater, "this node cannot take pods now: \(obstacle)") }
        let namespace = try openPodNamespace(request)
        try await finishRelease(of: key)
        let reservation = try await reserve(key, request, in: namespace)
        let wiring = wiring(for: reservation, bandwidth: request.configuration.wants.bandwidth)
        do {
            try await wire(reservation, wiring, in: namespace)
        } catch let error as StepFailure {
            await undo(reservation)
            throw error.reason
        } catch {
            // Only `afterStep` throws otherwise.
            throw CNIError(.tryAgainLater, "adding \(key) was interrupted", details: "\(error)")
        }
        log.info(
            "pod \(reservation.pod.namespace)/\(reservation.pod.name): \(wiring.link.podName) has \(wiring.addresses.map(\.description).joined(separator: ", ")) by \(wiring.link.hostName)"
        )
        return result(reservation, wiring, request)
    }

    /// A fault that ADD answers with after it has undone what it did.
    private struct StepFailure: Error {
        var reason: CNIError
    }

    private func wire(_ reservation: Reservation, _ wiring: PodWiring, in namespace: NetworkNamespace) async throws {
        let key = reservation.key
        let thread = wirer(of: key)
        try await settings.afterStep?(.reserved, key)
        try await step { try await settings.admission?.admit(PodAttachment(reservation)) }
        try await settings.afterStep?(.admitted, key)
        try await step { try await thread.makePair(wiring, in: namespace) }
        try await settings.afterStep?(.pairMade, key)
        try await step { try await thread.wireHost(wiring) }
        try await settings.afterStep?(.hostWired, key)
        try await step {
            try await thread.wirePod(wiring, in: namespace)
            try await thread.awaitCarrier(wiring.link)
        }
        try await settings.afterStep?(.podWired, key)
        try await step { try await hostPorts.open(reservation) }
        try await settings.afterStep?(.portsOpened, key)
        state.withLock { $0.record([.attached(key)]) }
        try await settings.afterStep?(.attached, key)
    }

    private func step(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as KernelError {
            throw StepFailure(reason: CNIError(wiring: error))
        } catch {
            throw StepFailure(
                reason: CNIError(
                    .kernelRefused, "the pod could not be admitted to the node's network policy", details: "\(error)"))
        }
    }

    /// Takes back everything of an ADD that failed; the runtime may still send a DEL, or not.
    private func undo(_ reservation: Reservation) async {
        state.withLock { $0.record([.releasing(reservation.key)]) }
        await close(reservation)
        await reaper.reap(now: [reservation.key], self)
    }

    private func reserve(
        _ key: AttachmentKey, _ request: CNIRequest, in namespace: NetworkNamespace
    )
        async throws(CNIError) -> Reservation
    {
        let wanted = reservationRequest(key, request, in: namespace)
        do throws(DurableLedger.ReserveFailure) {
            return try state.withLock { state throws(DurableLedger.ReserveFailure) in try state.reserve(wanted) }
        } catch {
            guard error.mayPass else { throw CNIError(refusal: error) }
        }
        // Pods that are going hold what this one needs: let them be gone first.
        await reaper.reapAll(self)
        do throws(DurableLedger.ReserveFailure) {
            return try state.withLock { state throws(DurableLedger.ReserveFailure) in try state.reserve(wanted) }
        } catch {
            throw CNIError(refusal: error)
        }
    }

    private func reservationRequest(
        _ key: AttachmentKey, _ request: CNIRequest, in namespace: NetworkNamespace
    )
        -> ReservationRequest
    {
        let wants = request.configuration.wants
        let arguments = request.arguments
        return ReservationRequest(
            key: key, network: request.configuration.name,
            namespace: NamespaceReference(
                path: request.namespacePath ?? "", device: namespace.identity.device, inode: namespace.identity.inode),
            pod: PodIdentity(namespace: arguments.podNamespace, name: arguments.podName, uid: arguments.podUID),
            addresses: wants.addresses.isEmpty ? [arguments.address].compactMap(\.self) : wants.addresses,
            portMappings: wants.portMappings,
            hardwareAddress: PodLink(key, hardwareAddress: wants.hardwareAddress ?? arguments.hardwareAddress)
                .podHardwareAddress,
            mtu: request.configuration.mtu ?? mtu, now: Int64(time(nil)))
    }

    /// An earlier life of the same attachment whose link is still going away would keep the new one from its name.
    private func finishRelease(of key: AttachmentKey) async throws(CNIError) {
        guard let present = state.withLock({ $0.ledger[key] }) else { return }
        guard present.state == .releasing else {
            throw CNIError(
                .interfaceExists,
                "container \(key.container) already has \(key.interface) in network \(present.network)",
                details: "DEL must come before another ADD")
        }
        await reaper.reap(now: [key], self)
        guard state.withLock({ $0.ledger[key] == nil }) else {
            throw CNIError(
                .tryAgainLater, "the earlier interface \(key.interface) of container \(key.container) is not gone yet")
        }
    }

    private func openPodNamespace(_ request: CNIRequest) throws(CNIError) -> NetworkNamespace {
        let namespace = try PodNamespace.open(request.namespacePath ?? "", seenBy: request.caller)
        guard namespace.identity != node.identity else {
            throw CNIError(.invalidEnvironment, "CNI_NETNS \(namespace.path) is the node's own network namespace")
        }
        return namespace
    }

    func wiring(for reservation: Reservation, bandwidth: Bandwidth? = nil) -> PodWiring {
        let owner =
            reservation.pod.name.isEmpty
            ? reservation.key.container : "\(reservation.pod.namespace)/\(reservation.pod.name)"
        return PodWiring(
            link: PodLink(reservation.key, hardwareAddress: reservation.hardwareAddress),
            addresses: reservation.addresses, mtu: reservation.mtu, alias: String("fairway pod \(owner)".prefix(255)),
            carriesLoopback: reservation.portMappings.contains { $0.hostAddress?.isLoopback ?? true },
            bandwidth: bandwidth)
    }

    private func result(_ reservation: Reservation, _ wiring: PodWiring, _ request: CNIRequest) -> JSONValue {
        let link = wiring.link
        let result = AttachmentResult(
            interfaces: [
                .init(name: link.hostName, hardwareAddress: link.hostHardwareAddress, mtu: wiring.mtu, sandbox: nil),
                .init(
                    name: link.podName, hardwareAddress: link.podHardwareAddress, mtu: wiring.mtu,
                    sandbox: request.namespacePath),
            ],
            addresses: wiring.addresses.map {
                .init(address: IPPrefix($0), gateway: PodGateway.address($0.family), interface: 1)
            },
            routes: wiring.addresses.compactMap { address in
                PodGateway.everything(address.family).map {
                    .init(destination: $0, gateway: PodGateway.address(address.family))
                }
            },
            dns: request.configuration.dns)
        return result.json(version: request.configuration.version, behind: request.configuration.previousResult)
    }
}
