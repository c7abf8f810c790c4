import NetTypes
import Netlink

/// What a node needs before it can have routed pods.
extension WiringThread {
    /// Lets the node forward packets of both families. Where router advertisements configure an interface, it goes on listening to
    /// them: the kernel else stops as soon as it forwards.
    func allowForwarding(in node: NetworkNamespace) throws(KernelError) {
        try node.inside { () throws(KernelError) in
            try Sysctl.ensure("1", at: "net/ipv4/ip_forward")
            guard let forwarding = try? Sysctl.read("net/ipv6/conf/all/forwarding"), forwarding != "1" else { return }
            for link in try RouteSocket().links() {
                let key = "net/ipv6/conf/\(link.name)/accept_ra"
                if let value = try? Sysctl.read(key), value == "1" { try Sysctl.write("2", to: key) }
            }
            try Sysctl.ensure("1", at: "net/ipv6/conf/all/forwarding")
        }
    }

    /// That of the link with the default route, which nearly all packets leave by; Ethernet's 1500 where there is none.
    func defaultMTU() throws(KernelError) -> Int {
        let routes = try routes(of: .v4) + routes(of: .v6)
        let defaults = routes.filter { $0.destination.length == 0 && $0.link != nil }
        guard let index = defaults.min(by: { $0.metric < $1.metric })?.link else { return 1500 }
        return Int(try link(index).mtu)
    }
}
