import NetTypes
import Netlink

/// What CHECK looks at: does the kernel still have what ADD made?
struct WiringCheck: Sendable {
    let wiring: PodWiring

    /// The first thing that differs, in words; `nil` where all is as it was.
    func difference(node: RouteSocket, pod: NetworkNamespace) throws(KernelError) -> String? {
        if let difference = try hostDifference(node) { return difference }
        return try pod.inside { () throws(KernelError) in try podDifference(try RouteSocket()) }
    }

    private func hostDifference(_ route: RouteSocket) throws(KernelError) -> String? {
        let name = wiring.link.hostName
        guard let link = try found(.named(name), on: route) else { return "the node has no interface \(name)" }
        guard link.isUp else { return "the node's interface \(name) is down" }
        for address in wiring.addresses {
            let routes = try route.mainRoutes(address.family, on: link.index)
            guard routes.contains(where: { $0.destination == IPPrefix(address) }) else {
                return "the node has no route to \(address) by \(name)"
            }
        }
        return nil
    }

    private func podDifference(_ route: RouteSocket) throws(KernelError) -> String? {
        let name = wiring.link.podName
        guard let link = try found(.named(name), on: route) else { return "the pod has no interface \(name)" }
        guard link.isUp else { return "the pod's interface \(name) is down" }
        guard link.mac == wiring.link.podHardwareAddress else {
            return "the pod's interface \(name) has another hardware address than \(wiring.link.podHardwareAddress)"
        }
        let present = try route.addresses(on: link.index).map(\.address)
        for address in wiring.addresses {
            guard present.contains(address) else {
                return "the pod's interface \(name) has lost its address \(address)"
            }
            let gateway = PodGateway.address(address.family)
            let routes = try route.mainRoutes(address.family, on: link.index)
            guard routes.contains(where: { $0.destination.length == 0 && $0.gateway == gateway }) else {
                return "the pod has no default route by \(gateway)"
            }
        }
        return nil
    }

    private func found(_ reference: LinkReference, on route: RouteSocket) throws(KernelError) -> Link? {
        do throws(KernelError) {
            return try route.link(reference)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }
}
