import Glibc
import NetTypes
import Netlink

/// Does the kernel's part of pods' lives on a thread of its own, over a socket of its own in the node's namespace, so that a call that
/// takes long holds up nobody else. Several of these work side by side; the kernel's own lock is the only one they share.
actor WiringThread {
    private let thread: BlockingThread
    private let route: RouteSocket
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ name: String, in node: NetworkNamespace) throws(KernelError) {
        thread = BlockingThread(name: name)
        route = try RouteSocket(in: node)
    }

    func routes(of family: IPAddress.Family) throws(KernelError) -> [Route] {
        try route.mainRoutes(family)
    }

    func link(_ index: Int32) throws(KernelError) -> Link { try route.link(.index(index)) }

    /// Makes the pair of interfaces. EEXIST where the pod has an interface of that name; then nothing was made.
    func makePair(_ wiring: PodWiring, in pod: NetworkNamespace) throws(KernelError) {
        try route.perform(wiring.pair(in: pod))
    }

    /// Raises the node's end and leads the pod's addresses to it.
    func wireHost(_ wiring: PodWiring) throws(KernelError) {
        try all(wiring.hostLinkChanges())
        let index = try route.link(.named(wiring.link.hostName)).index
        try all(wiring.hostEntries(index))
        if let bandwidth = wiring.bandwidth, bandwidth.ingressRate > 0 {
            try route.perform(
                .limitRate(bandwidth.ingressRate, burst: bandwidth.ingressBurst, mtu: wiring.mtu, on: index))
        }
    }

    /// Gives the pod's end its addresses and routes.
    func wirePod(_ wiring: PodWiring, in pod: NetworkNamespace) throws(KernelError) {
        try pod.inside { () throws(KernelError) in
            let inside = try RouteSocket()
            for setting in wiring.podSettings { try Self.ensure(setting.value, at: setting.key) }
            try inside.perform(.changeLink(.named("lo"), .up))
            let index = try inside.link(.named(wiring.link.podName)).index
            for failure in try inside.performAll(wiring.podEntries(index)) {
                if let failure { throw failure }
            }
            if let bandwidth = wiring.bandwidth, bandwidth.egressRate > 0 {
                try inside.perform(
                    .limitRate(bandwidth.egressRate, burst: bandwidth.egressBurst, mtu: wiring.mtu, on: index))
            }
        }
    }

    /// Waits until the node's end can send. The end that was raised first sends nothing until the kernel has noticed, in a work item of
    /// its own, that the other one is up too: packets in between would be lost. Since Linux 6.8 asking for the link makes it notice.
    func awaitCarrier(_ link: PodLink) async throws(KernelError) {
        let deadline = ContinuousClock.now + .seconds(1)
        while try route.link(.named(link.hostName)).operationalState != Self.operational, ContinuousClock.now < deadline
        {
            // Cancelled: then nobody waits for the answer any more.
            guard (try? await Task.sleep(for: .milliseconds(1))) != nil else { return }
        }
    }

    /// `IF_OPER_UP`
    private static let operational: UInt8 = 6

    /// A kernel without IPv6 has no such settings, and says so more clearly when it is asked for the address.
    private static func ensure(_ value: String, at key: String) throws(KernelError) {
        do {
            try Sysctl.ensure(value, at: key)
        } catch {
            guard error.isNotFound else { throw error }
        }
    }

    private func all(_ requests: [RouteRequest]) throws(KernelError) {
        for failure in try route.performAll(requests) {
            if let failure { throw failure }
        }
    }

    /// Deletes links and says which are gone afterwards, whoever deleted them. Many take about the time of one.
    func deleteLinks(_ names: [String]) -> Set<String> {
        if names.count > 1 {
            // One that is gone already fails alone.
            _ = try? route.performAll(names.map { .changeLink(.named($0), LinkChange(group: Self.condemned)) })
            // Whatever is left is tried again by itself below.
            try? route.perform(.deleteLinks(group: Self.condemned))
        }
        return Set(names.filter { isGone($0) })
    }

    /// The group of links that are about to be deleted: a number that nobody else is likely to use ("FWRM").
    private static let condemned: UInt32 = 0x4657_524d

    private func isGone(_ name: String) -> Bool {
        do throws(KernelError) {
            try route.perform(.deleteLink(.named(name)))
            return true
        } catch {
            return error.isNotFound
        }
    }

    /// Links of the node that have our names, veth only.
    func podLinks() throws(KernelError) -> [Link] {
        try route.links().filter { $0.kind == "veth" && PodLink.isOurs($0.name) }
    }

    /// Puts back whatever of the node's side of a pod is missing.
    /// - Returns: how much was missing; `nil` where the link itself is gone.
    func restoreHost(_ wiring: PodWiring) throws(KernelError) -> Int? {
        let link: Link
        do throws(KernelError) {
            link = try route.link(.named(wiring.link.hostName))
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        var missing = link.isUp ? 0 : 1
        if !link.isUp { try all(wiring.hostLinkChanges()) }
        for address in wiring.addresses {
            let routes = try route.mainRoutes(address.family, on: link.index)
            if !routes.contains(where: { $0.destination == IPPrefix(address) }) { missing += 1 }
        }
        if missing > 0 { try all(wiring.hostEntries(link.index)) }
        return missing
    }

    func difference(_ check: WiringCheck, in pod: NetworkNamespace) throws(KernelError) -> String? {
        try check.difference(node: route, pod: pod)
    }

    /// By its number: the name may be another link's by now.
    func deleteOrphan(_ index: Int32) {
        // Gone already, or tried again at the next comparison.
        try? route.perform(.deleteLink(.index(index)))
    }
}

extension IPAddress.Family {
    static let both: [IPAddress.Family] = [.v4, .v6]
}
