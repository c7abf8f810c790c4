package import NetTypes
import WireCodec

/// rtnetlink(7): links, addresses, routes and neighbours of one network namespace.
///
///     let route = try RouteSocket(in: namespace)
///     try route.perform(.createLink(NewLink("veth1", .veth(peer: .init("eth0", in: pod)))))
///     let failures = try route.performAll([.changeLink(.named("veth1"), .up), .replaceRoute(…)])
///
/// Blocks as `NetlinkSocket` does.
package final class RouteSocket: Sendable {
    package let socket: NetlinkSocket

    package init(in namespace: NetworkNamespace? = nil) throws(KernelError) {
        socket = try NetlinkSocket.open(.route, in: namespace)
    }

    package func perform(_ request: RouteRequest) throws(KernelError) {
        try socket.perform(try request.built.get())
    }

    /// Sends all in one datagram; they are worked off in order, each by itself. One answer for each, `nil` for success.
    package func performAll(_ requests: [RouteRequest]) throws(KernelError) -> [KernelError?] {
        var built: [NetlinkRequest] = []
        for request in requests { built.append(try request.built.get()) }
        return try socket.performAll(built)
    }

    package func link(_ link: LinkReference) throws(KernelError) -> Link {
        let request = try NetlinkRequest("find link \(link)", type: RouteMessage.getLink) { link.writeHeader(to: &$0) }
        return try socket.get(request, Link.init(decoding:))
    }

    package func links() throws(KernelError) -> [Link] {
        let request = try NetlinkRequest("list links", type: RouteMessage.getLink) {
            LinkReference.index(0).writeHeader(to: &$0)
        }
        return try socket.dump(request, Link.init(decoding:))
    }

    /// - Parameter link: only this link's; the kernel filters.
    package func addresses(on link: Int32? = nil) throws(KernelError) -> [InterfaceAddress] {
        let request = try NetlinkRequest("list addresses", type: RouteMessage.getAddress) {
            $0.zeros(4)
            $0.host(UInt32(bitPattern: link ?? 0))
        }
        return try socket.dump(request, InterfaceAddress.init(decoding:))
    }

    /// - Parameters: what the kernel shall filter by.
    package func routes(
        family: IPAddress.Family, table: UInt32? = nil, protocol: RouteProtocol? = nil, link: Int32? = nil
    ) throws(KernelError) -> [Route] {
        let request = try NetlinkRequest("list routes", type: RouteMessage.getRoute) { writer in
            writer.uint8(family.code)
            writer.zeros(4)
            writer.uint8(`protocol`?.rawValue ?? 0)
            writer.zeros(6)
            if let table { writer.attribute(Route.Key.table, host: table) }
            if let link { writer.attribute(Route.Key.outputLink, host: link) }
        }
        return try socket.dump(request, Route.init(decoding:))
    }

    /// How a packet from this machine to `destination` would go: `ip route get`.
    package func route(
        to destination: IPAddress, from source: IPAddress? = nil, inputLink: Int32? = nil, mark: UInt32? = nil
    )
        throws(KernelError) -> Route
    {
        let request = try NetlinkRequest("find the route to \(destination)", type: RouteMessage.getRoute) { writer in
            writer.uint8(destination.family.code)
            writer.uint8(UInt8(destination.bitWidth))
            writer.uint8(source == nil ? 0 : UInt8(destination.bitWidth))
            writer.zeros(9)
            writer.attribute(Route.Key.destination, raw: destination.bytes)
            if let source { writer.attribute(Route.Key.source, raw: source.bytes) }
            if let inputLink { writer.attribute(Route.Key.inputLink, host: inputLink) }
            if let mark { writer.attribute(Route.Key.mark, host: mark) }
        }
        return try socket.get(request, Route.init(decoding:))
    }

    /// Neighbours (ARP, NDP) or forwarding entries (FDB).
    package func neighbours(_ table: NeighbourTable, on link: Int32? = nil) throws(KernelError) -> [Neighbour] {
        let request = try NetlinkRequest("list neighbours", type: RouteMessage.getNeighbour) { writer in
            writer.uint8(table.code)
            writer.zeros(3)
            // A filter stands in the header for the FDB, in an attribute for neighbours.
            writer.host(table == .forwarding ? link ?? 0 : 0)
            writer.zeros(4)
            if let link, table != .forwarding { writer.attribute(8, host: link) }
        }
        return try socket.dump(request) { (message) throws(WireError) in
            guard let neighbour = try Neighbour(decoding: message), link == nil || neighbour.link == link else {
                return nil
            }
            return neighbour
        }
    }

    /// Neighbours that this machine answers for (`NTF_PROXY`), which the kernel lists apart.
    package func proxyNeighbours(_ family: IPAddress.Family) throws(KernelError) -> [Neighbour] {
        let request = try NetlinkRequest("list proxy neighbours", type: RouteMessage.getNeighbour) { writer in
            writer.uint8(family.code)
            writer.zeros(9)
            writer.uint8(NeighbourFlags.proxy.rawValue)
            writer.zeros(1)
        }
        return try socket.dump(request, Neighbour.init(decoding:))
    }
}

/// One change that rtnetlink can make. Made by the static functions beside each object: `createLink`, `addAddress`, `replaceRoute` …
package struct RouteRequest: Sendable {
    let built: Result<NetlinkRequest, KernelError>

    init(_ operation: String, type: UInt16, flags: MessageFlags = [], _ write: (inout WireWriter) -> Void) {
        do throws(KernelError) {
            built = .success(try NetlinkRequest(operation, type: type, flags: flags, write))
        } catch {
            built = .failure(error)
        }
    }

    /// What it does, as errors say it.
    package var operation: String {
        switch built {
        case .success(let request): request.operation
        case .failure(let error): error.operation
        }
    }
}

/// Message types (linux/rtnetlink.h).
enum RouteMessage {
    static let newLink: UInt16 = 16
    static let deleteLink: UInt16 = 17
    static let getLink: UInt16 = 18
    static let newAddress: UInt16 = 20
    static let deleteAddress: UInt16 = 21
    static let getAddress: UInt16 = 22
    static let newRoute: UInt16 = 24
    static let deleteRoute: UInt16 = 25
    static let getRoute: UInt16 = 26
    static let newNeighbour: UInt16 = 28
    static let deleteNeighbour: UInt16 = 29
    static let getNeighbour: UInt16 = 30
}

extension IPAddress.Family {
    /// `AF_INET`, `AF_INET6`.
    var code: UInt8 {
        switch self {
        case .v4: 2
        case .v6: 10
        }
    }
}

extension Attribute {
    /// An address of 4 or 16 bytes.
    func address() throws(WireError) -> IPAddress {
        guard let address = IPAddress(bytes: raw()) else {
            throw .badWidth(offset: value.offset, expected: 16, found: value.count)
        }
        return address
    }

    /// An Ethernet address; `nil` for the addresses of other kinds of links.
    func mac() -> MACAddress? {
        MACAddress(bytes: raw())
    }
}
