import WireCodec

/// A change that rtnetlink reports.
package struct RouteNotice: Hashable, Sendable {
    package var object: Object
    /// Whether it is gone; else it is new or changed.
    package var isRemoval: Bool
    /// The port of the socket that asked for the change: mostly the process number of who did it; 0 where the kernel did it by itself or
    /// does not say.
    package var port: UInt32

    package init(_ object: Object, isRemoval: Bool, port: UInt32 = 0) {
        self.object = object
        self.isRemoval = isRemoval
        self.port = port
    }

    package enum Object: Hashable, Sendable {
        case link(Link)
        case address(InterfaceAddress)
        case route(Route)
        case neighbour(Neighbour)
    }
}

/// What to listen to (`RTNLGRP_*`).
package struct RouteGroups: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let links = RouteGroups(rawValue: 1 << 1)
    /// ARP, NDP and forwarding entries.
    package static let neighbours = RouteGroups(rawValue: 1 << 3)
    package static let addresses = RouteGroups(rawValue: 1 << 5 | 1 << 9)
    package static let routes = RouteGroups(rawValue: 1 << 7 | 1 << 11)
    package static let all: RouteGroups = [.links, .neighbours, .addresses, .routes]

    var numbers: [Int32] { (0..<32).filter { rawValue & 1 << UInt32($0) != 0 } }
}

extension NetlinkMonitor where Notice == RouteNotice {
    /// - Parameter port: `RouteSocket.socket.port` of the socket whose own changes are of no interest.
    package static func route(
        in namespace: NetworkNamespace? = nil, _ groups: RouteGroups = .all, ignoring port: UInt32? = nil
    ) throws(KernelError) -> NetlinkMonitor<RouteNotice> {
        try NetlinkMonitor(
            .route, groups: groups.numbers, in: namespace, ignoring: port, decoder: RouteNoticeDecoder())
    }
}

struct RouteNoticeDecoder: NoticeDecoder {
    mutating func take(_ message: NetlinkMessage) throws(WireError) -> RouteNotice? {
        let object: RouteNotice.Object?
        switch message.type {
        case RouteMessage.newLink, RouteMessage.deleteLink:
            object = try Link(decoding: message).map(RouteNotice.Object.link)
        case RouteMessage.newAddress, RouteMessage.deleteAddress:
            object = try InterfaceAddress(decoding: message).map(RouteNotice.Object.address)
        case RouteMessage.newRoute, RouteMessage.deleteRoute:
            object = try Route(decoding: message).map(RouteNotice.Object.route)
        case RouteMessage.newNeighbour, RouteMessage.deleteNeighbour:
            object = try Neighbour(decoding: message).map(RouteNotice.Object.neighbour)
        default: object = nil
        }
        // Types come in fours: new, delete, get, set.
        return object.map { RouteNotice($0, isRemoval: message.type % 4 == 1, port: message.port) }
    }

    mutating func reset() {}
}
