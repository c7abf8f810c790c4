import NetTypes
import Netlink

/// What a pod is wired with: everything that the kernel is told, as a value.
struct PodWiring: Sendable, Hashable {
    var link: PodLink
    var addresses: [IPAddress]
    var mtu: Int
    /// Shown by `ip link`: whose interface this is.
    var alias: String
    /// 127.0.0.1 as a source may leave through this link: only where a host port is asked for on loopback.
    var carriesLoopback: Bool
    var bandwidth: Bandwidth?

    private var hasIPv6: Bool { addresses.contains { $0.family == .v6 } }

    /// Both ends, down.
    func pair(in pod: NetworkNamespace) -> RouteRequest {
        .createLink(
            NewLink(
                link.hostName,
                .veth(peer: .init(link.podName, in: pod, mtu: UInt32(mtu), mac: link.podHardwareAddress)),
                mtu: UInt32(mtu), mac: link.hostHardwareAddress))
    }

    /// The node's end, before its index is known.
    func hostLinkChanges() -> [RouteRequest] {
        // Strict reverse path filter: a pod sends from its own addresses or not at all. Proxy ARP answers a pod that lost its
        // neighbour entry for the gateway.
        var settings: [IPv4Setting: Int32] = [.reversePathFilter: 1, .proxyARP: 1, .forwarding: 1]
        if carriesLoopback { settings[.routeLocalnet] = 1 }
        return [
            .changeLink(.named(link.hostName), LinkChange(alias: alias, ipv4Settings: settings)),
            .changeLink(.named(link.hostName), .up),
        ]
    }

    /// Routes to the pod, and where its frames go.
    func hostEntries(_ index: Int32) -> [RouteRequest] {
        var requests: [RouteRequest] = []
        if hasIPv6 {
            requests.append(
                .replaceAddress(InterfaceAddress(PodGateway.v6, prefixLength: 128, link: index, scope: .link)))
        }
        for address in addresses {
            requests.append(.replaceNeighbour(.permanent(address, at: link.podHardwareAddress, link: index)))
            requests.append(.replaceRoute(Route(to: IPPrefix(address), link: index)))
        }
        return requests
    }

    /// The pod's end.
    func podEntries(_ index: Int32) -> [RouteRequest] {
        var requests: [RouteRequest] = [.changeLink(.index(index), .up)]
        for address in addresses {
            let gateway = PodGateway.address(address.family)
            requests.append(
                .addAddress(InterfaceAddress(address, prefixLength: address.bitWidth, link: index)))
            requests.append(.replaceNeighbour(.permanent(gateway, at: link.hostHardwareAddress, link: index)))
            if gateway.family == .v4 { requests.append(.addRoute(Route(to: IPPrefix(gateway), link: index))) }
            if let everything = PodGateway.everything(address.family) {
                requests.append(.addRoute(Route(to: everything, via: gateway, link: index)))
            }
        }
        return requests
    }

    /// Settings of the pod's interface, with the value each must have. Addresses of ours need no duplicate detection: nobody
    /// else is on the link.
    var podSettings: [(key: String, value: String)] {
        guard hasIPv6 else { return [] }
        let own = "net/ipv6/conf/\(link.podName)"
        return [
            ("net/ipv6/conf/lo/disable_ipv6", "0"), ("\(own)/disable_ipv6", "0"), ("\(own)/accept_dad", "0"),
            ("\(own)/accept_ra", "0"),
        ]
    }
}

/// The steps of ADD in their order. After each of them a crash must be recoverable.
package enum AttachStep: CaseIterable, Sendable {
    case reserved
    case admitted
    case pairMade
    case hostWired
    case podWired
    case portsOpened
    case attached
}
