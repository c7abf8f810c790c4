package import NetTypes
package import Netlink

/// What this node's kernel should hold so that its pods reach those of the other nodes: a value, made from values.
///
/// Where another node's address is on a link that this one shares, packets go there as they are (a direct route). Elsewhere they go
/// through a VXLAN device with a static table, wrapped in UDP from node to node: for each node a neighbour (the next hop's Ethernet
/// address) and a forwarding entry (the node to send that to). The node's own range is unreachable but for its pods, which have routes
/// of their own: a packet to an address that no pod has must not go round in circles.
package struct RoutePlan: Hashable, Sendable {
    package var tunnels: [Tunnel] = []
    package var hops: [Hop] = []
    package var unreachable: Set<IPPrefix> = []
    /// Nodes that cannot be reached, with the reason.
    package var gaps: [String: String] = [:]
    /// The largest packet that pods may send to all others, in bytes; `nil` where there is no network.
    package var podMTU: UInt32?

    /// A VXLAN device. One for each family of outer packets that is needed.
    package struct Tunnel: Hashable, Sendable {
        package var name: String
        package var vxlan: VXLAN
        package var mac: MACAddress
        package var mtu: UInt32
        /// The first addresses of our own ranges: what this node itself speaks from to pods behind the tunnel, so that answers come back
        /// the same way.
        package var addresses: [IPAddress]
    }

    /// How a range of another node's pods is reached.
    package struct Hop: Hashable, Sendable {
        package var node: String
        package var range: IPPrefix
        package var way: Way
    }

    package enum Way: Hashable, Sendable {
        case direct(via: IPAddress, link: Int32)
        /// Through the tunnel of this name to the node at `node`, which has this Ethernet address there.
        case tunnel(name: String, node: IPAddress, mac: MACAddress)
    }

    package static let identifier: UInt32 = 0xfa12
    /// RFC 7348.
    package static let port: UInt16 = 4789
    /// Routes between nodes; those of pods are `RouteProtocol.fairway`.
    package static let routeProtocol = RouteProtocol(rawValue: 103)

    package static func tunnelName(_ family: IPAddress.Family) -> String {
        family == .v4 ? "fairway-vx4" : "fairway-vx6"
    }

    /// Bytes that wrapping takes: outer IP header, UDP 8, VXLAN 8, inner Ethernet 14.
    package static func overhead(_ family: IPAddress.Family) -> UInt32 {
        family == .v4 ? 50 : 70
    }

    package init() {}

    /// - Parameter nodes: all, this one too.
    package init(nodes: [NodePlace], ownName: String, underlays: [Underlay]) {
        guard let own = nodes.first(where: { $0.name == ownName }) else { return }
        unreachable = Set(own.podRanges)
        var families: Set<IPAddress.Family> = []
        for node in nodes.sorted(by: { $0.name < $1.name }) where node.name != ownName {
            for range in node.podRanges {
                if let way = Self.way(to: node, range, from: own, underlays) {
                    hops.append(Hop(node: node.name, range: range, way: way))
                    if case .tunnel(_, let outer, _) = way { families.insert(outer.family) }
                } else {
                    gaps[node.name] = "it has no InternalIP of a family that this node has too"
                }
            }
        }
        tunnels = families.sorted { a, _ in a == .v4 }.compactMap { Self.tunnel($0, of: own, underlays) }
        let nearest = underlays.filter { link in own.addresses.contains { link.holds($0) } }.map(\.mtu).min()
        podMTU = (tunnels.map(\.mtu) + [nearest].compactMap(\.self)).min()
    }

    private static func way(to node: NodePlace, _ range: IPPrefix, from own: NodePlace, _ underlays: [Underlay]) -> Way?
    {
        if let address = node.address(range.address.family), let link = sharedLink(with: address, underlays) {
            return .direct(via: address, link: link)
        }
        for family in [IPAddress.Family.v4, .v6] {
            guard let outer = node.address(family), own.address(family) != nil else { continue }
            return .tunnel(name: tunnelName(family), node: outer, mac: node.tunnelMAC)
        }
        return nil
    }

    /// The link whose own network is the narrowest around the address.
    private static func sharedLink(with address: IPAddress, _ underlays: [Underlay]) -> Int32? {
        underlays.flatMap { link in link.addresses.map { (link: link.link, prefix: $0.prefix) } }
            .filter { $0.prefix.length < address.bitWidth && $0.prefix.contains(address) }
            .max { $0.prefix.length < $1.prefix.length }?.link
    }

    private static func tunnel(_ family: IPAddress.Family, of own: NodePlace, _ underlays: [Underlay]) -> Tunnel? {
        guard let local = own.address(family) else { return nil }
        let mtu = underlays.first { $0.holds(local) }?.mtu ?? 1500
        return Tunnel(
            name: tunnelName(family), vxlan: VXLAN(identifier: identifier, port: port, local: local),
            mac: own.tunnelMAC, mtu: mtu - min(overhead(family), mtu), addresses: own.podRanges.map(\.address))
    }
}

extension Underlay {
    func holds(_ address: IPAddress) -> Bool {
        addresses.contains { $0.address == address }
    }
}
