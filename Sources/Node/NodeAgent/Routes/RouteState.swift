import NetTypes
import Netlink

/// What the kernel holds of what `RoutePlan` is about.
struct RouteState: Sendable {
    var underlays: [Underlay] = []
    /// Our tunnel devices by name.
    var tunnels: [String: Link] = [:]
    var addresses: Set<InterfaceAddress> = []
    var routes: Set<Route> = []
    /// Neighbours and forwarding entries of the tunnels.
    var neighbours: Set<Neighbour> = []

    /// Reads it all: some 0.2 ms, and 2 ms with a thousand nodes.
    init(reading socket: RouteSocket) throws(KernelError) {
        let names = [RoutePlan.tunnelName(.v4), RoutePlan.tunnelName(.v6)]
        let links = try socket.links()
        let all = try socket.addresses()
        for link in links where names.contains(link.name) { tunnels[link.name] = link }
        let tunnelIndexes = Set(tunnels.values.map(\.index))
        for link in links where link.isUp && !link.isLoopback && !tunnelIndexes.contains(link.index) {
            let own = all.filter { $0.link == link.index }.compactMap { address in
                IPPrefix(address.address, length: address.prefixLength).map {
                    Underlay.Address(address: address.address, prefix: $0)
                }
            }
            // A pod's link has no address, or only one that says nothing about who else is there.
            guard own.contains(where: { $0.prefix.length < $0.address.bitWidth && !$0.address.isLinkLocal }) else {
                continue
            }
            underlays.append(Underlay(link: link.index, name: link.name, mtu: link.mtu, addresses: own))
        }
        addresses = Set(all.filter { tunnelIndexes.contains($0.link) && !$0.address.isLinkLocal })
        for family in [IPAddress.Family.v4, .v6] {
            routes.formUnion(try socket.routes(family: family, protocol: RoutePlan.routeProtocol))
        }
        for link in tunnelIndexes {
            for table in [NeighbourTable.v4, .v6, .forwarding] {
                neighbours.formUnion(try socket.neighbours(table, on: link).filter { $0.state.contains(.permanent) })
            }
        }
    }
}

extension IPAddress {
    /// RFC 3927, RFC 4291 section 2.5.6.
    fileprivate var isLinkLocal: Bool {
        switch family {
        case .v4: bytes[0] == 169 && bytes[1] == 254
        case .v6: bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
        }
    }
}

/// One step that brings the kernel nearer to the plan.
struct RouteRepair: Sendable {
    enum Object: String, Sendable {
        case link
        case address
        case neighbour
        case forwarding
        case route
    }

    var object: Object
    /// As logs name it.
    var subject: String
    /// Whether something was missing or wrong; else something stale is taken away.
    var isMissing: Bool
    var request: RouteRequest
}

extension RouteState {
    /// Devices first: everything else refers to them. Nothing where the kernel holds what is planned.
    func deviceRepairs(towards plan: RoutePlan) -> [RouteRepair] {
        var repairs: [RouteRepair] = []
        for tunnel in plan.tunnels {
            let found = tunnels[tunnel.name]
            if let found, found.vxlan != tunnel.vxlan || found.mac != tunnel.mac {
                repairs.append(RouteRepair(.link, tunnel.name, false, .deleteLink(.named(tunnel.name))))
            }
            if found?.vxlan != tunnel.vxlan || found?.mac != tunnel.mac {
                let link = NewLink(tunnel.name, .vxlan(tunnel.vxlan), mtu: tunnel.mtu, mac: tunnel.mac)
                repairs.append(RouteRepair(.link, tunnel.name, true, .createLink(link)))
                repairs.append(RouteRepair(.link, tunnel.name, true, .changeLink(.named(tunnel.name), .up)))
            } else if let found, !found.isUp || found.mtu != tunnel.mtu {
                let change = LinkChange(isUp: true, mtu: tunnel.mtu)
                repairs.append(RouteRepair(.link, tunnel.name, true, .changeLink(.named(tunnel.name), change)))
            }
        }
        for name in tunnels.keys where !plan.tunnels.contains(where: { $0.name == name }) {
            repairs.append(RouteRepair(.link, name, false, .deleteLink(.named(name))))
        }
        return repairs
    }

    /// What hangs on the devices, which must be there: addresses, then neighbours and forwarding entries, then the routes that use
    /// them; what is stale goes last.
    func entryRepairs(towards plan: RoutePlan) -> [RouteRepair] {
        let (wantedAddresses, wantedNeighbours, wantedRoutes) = entries(of: plan)
        var repairs = wantedAddresses.subtracting(addresses).map {
            RouteRepair(.address, "\($0.address)", true, .replaceAddress($0))
        }
        repairs += wantedNeighbours.subtracting(neighbours).map {
            RouteRepair($0.object, "\($0)", true, .replaceNeighbour($0))
        }
        repairs += wantedRoutes.subtracting(routes).map { RouteRepair(.route, "\($0)", true, .replaceRoute($0)) }
        // A stale entry with a wanted one's key has been replaced.
        let keys = Set(wantedRoutes.map(RouteKey.init))
        repairs += routes.subtracting(wantedRoutes).filter { !keys.contains(RouteKey($0)) }.map {
            RouteRepair(.route, "\($0)", false, .deleteRoute($0))
        }
        let neighbourKeys = Set(wantedNeighbours.map(NeighbourKey.init))
        repairs += neighbours.subtracting(wantedNeighbours).filter { !neighbourKeys.contains(NeighbourKey($0)) }.map {
            RouteRepair($0.object, "\($0)", false, .deleteNeighbour($0))
        }
        repairs += addresses.subtracting(wantedAddresses).map {
            RouteRepair(.address, "\($0.address)", false, .deleteAddress($0))
        }
        return repairs
    }

    private func entries(of plan: RoutePlan) -> (Set<InterfaceAddress>, Set<Neighbour>, Set<Route>) {
        var addresses: Set<InterfaceAddress> = []
        var neighbours: Set<Neighbour> = []
        var routes = Set(plan.unreachable.map { Route.betweenNodes(to: $0, kind: .unreachable) })
        for tunnel in plan.tunnels {
            guard let link = tunnels[tunnel.name]?.index else { continue }
            for address in tunnel.addresses {
                addresses.insert(
                    InterfaceAddress(
                        address, prefixLength: address.bitWidth, link: link,
                        flags: address.family == .v6 ? [.noDuplicateDetection, .permanent] : [.permanent]))
            }
        }
        for hop in plan.hops {
            switch hop.way {
            case .direct(let gateway, let link):
                routes.insert(.betweenNodes(to: hop.range, via: gateway, link: link))
            case .tunnel(let name, let node, let mac):
                guard let link = tunnels[name]?.index else { continue }
                // The next hop is the first address of the other's range, which no pod has.
                neighbours.insert(.permanent(hop.range.address, at: mac, link: link))
                neighbours.insert(.tunnel(to: mac, at: node, link: link))
                let source = plan.tunnels.first { $0.name == name }?.addresses.first {
                    $0.family == hop.range.address.family
                }
                routes.insert(
                    .betweenNodes(to: hop.range, via: hop.range.address, link: link, isOnLink: true, source: source))
            }
        }
        return (addresses, neighbours, routes)
    }
}

extension RouteRepair {
    init(_ object: Object, _ subject: String, _ isMissing: Bool, _ request: RouteRequest) {
        self.init(object: object, subject: subject, isMissing: isMissing, request: request)
    }
}

extension Neighbour {
    var object: RouteRepair.Object { table == .forwarding ? .forwarding : .neighbour }
}

/// What makes the kernel take one route for another's successor.
private struct RouteKey: Hashable {
    var destination: IPPrefix
    var metric: UInt32

    init(_ route: Route) {
        destination = route.destination
        metric = route.metric
    }
}

private struct NeighbourKey: Hashable {
    var table: NeighbourTable
    var link: Int32
    var key: String

    init(_ neighbour: Neighbour) {
        table = neighbour.table
        link = neighbour.link
        key = neighbour.table == .forwarding ? "\(neighbour.mac as Any)" : "\(neighbour.address as Any)"
    }
}

extension Route {
    /// As the kernel lists it afterwards: IPv6 metrics are never 0, unreachable IPv6 routes lie on the loopback.
    static func betweenNodes(
        to range: IPPrefix, kind: RouteKind = .unicast, via gateway: IPAddress? = nil, link: Int32? = nil,
        isOnLink: Bool = false, source: IPAddress? = nil
    ) -> Route {
        let isV6 = range.address.family == .v6
        return Route(
            to: range, kind: kind, via: gateway, link: isV6 && kind == .unreachable ? 1 : link, metric: isV6 ? 1024 : 0,
            scope: .universe, protocol: RoutePlan.routeProtocol, isOnLink: isOnLink, source: source)
    }
}
