package import NetTypes
package import WireCodec

/// A route (`RTM_NEWROUTE`).
package struct Route: Hashable, Sendable {
    /// `0.0.0.0/0` or `::/0` for the default route.
    package var destination: IPPrefix
    package var kind: RouteKind
    package var gateway: IPAddress?
    /// The output link.
    package var link: Int32?
    /// 254 is the main table.
    package var table: UInt32
    /// Of several routes to one destination the lowest wins. IPv6 makes 1024 of 0.
    package var metric: UInt32
    package var scope: RouteScope
    package var `protocol`: RouteProtocol
    /// The gateway counts as reachable on `link` although no address says so.
    package var isOnLink: Bool
    /// Preferred source address.
    package var source: IPAddress?
    /// In bytes; the link's where `nil`.
    package var mtu: UInt32?
    /// Largest TCP segment to announce, in bytes.
    package var advertisedMSS: UInt32?

    /// - Parameter scope: by default what ip-route(8) takes: link without a gateway, host for local ones, else universe.
    package init(
        to destination: IPPrefix, kind: RouteKind = .unicast, via gateway: IPAddress? = nil, link: Int32? = nil,
        table: UInt32 = Route.mainTable, metric: UInt32 = 0, scope: RouteScope? = nil,
        protocol: RouteProtocol = .fairway, isOnLink: Bool = false, source: IPAddress? = nil, mtu: UInt32? = nil,
        advertisedMSS: UInt32? = nil
    ) {
        self.destination = destination
        self.kind = kind
        self.gateway = gateway
        self.link = link
        self.table = table
        self.metric = metric
        self.scope = scope ?? Route.usualScope(destination.address.family, kind, hasGateway: gateway != nil)
        self.protocol = `protocol`
        self.isOnLink = isOnLink
        self.source = source
        self.mtu = mtu
        self.advertisedMSS = advertisedMSS
    }

    package static let mainTable: UInt32 = 254
    package static let localTable: UInt32 = 255

    private static func usualScope(_ family: IPAddress.Family, _ kind: RouteKind, hasGateway: Bool) -> RouteScope {
        guard family == .v4 else { return .universe }
        switch kind {
        case .local: return .host
        case .unicast where !hasGateway: return .link
        default: return .universe
        }
    }

    /// `RTA_*` (linux/rtnetlink.h).
    enum Key {
        static let destination: UInt16 = 1
        static let source: UInt16 = 2
        static let inputLink: UInt16 = 3
        static let outputLink: UInt16 = 4
        static let gateway: UInt16 = 5
        static let metric: UInt16 = 6
        static let preferredSource: UInt16 = 7
        static let metrics: UInt16 = 8
        static let table: UInt16 = 15
        static let mark: UInt16 = 16
        static let via: UInt16 = 18
        /// `RTAX_*`, inside `metrics`.
        static let metricMTU: UInt16 = 2
        static let metricMSS: UInt16 = 8
    }

    /// `RTNH_F_ONLINK`
    private static let onLinkFlag: UInt32 = 4
    /// `RTM_F_CLONED`: a cached route to one destination, not part of the table.
    private static let clonedFlag: UInt32 = 0x200

    /// `nil` where the message is not a route's, or of a family that is neither IPv4 nor IPv6.
    package init?(decoding message: NetlinkMessage) throws(WireError) {
        guard message.type == RouteMessage.newRoute || message.type == RouteMessage.deleteRoute else { return nil }
        var reader = message.payload
        let family = try reader.uint8()
        let length = Int(try reader.uint8())
        try reader.skip(2)
        table = UInt32(try reader.uint8())
        `protocol` = RouteProtocol(rawValue: try reader.uint8())
        scope = RouteScope(rawValue: try reader.uint8())
        kind = RouteKind(rawValue: try reader.uint8())
        isOnLink = try reader.host(UInt32.self) & Route.onLinkFlag != 0
        metric = 0
        let unspecified: IPAddress? = IPAddress(bytes: [UInt8](repeating: 0, count: family == 2 ? 4 : 16))
        guard family == 2 || family == 10, let unspecified, let all = IPPrefix(unspecified, length: length) else {
            return nil
        }
        destination = all
        var attributes = AttributeReader(reader)
        while let attribute = try attributes.next() { try take(attribute) }
    }

    private mutating func take(_ attribute: Attribute) throws(WireError) {
        switch attribute.type {
        case Key.destination:
            guard let prefix = IPPrefix(try attribute.address(), length: destination.length) else {
                throw .badWidth(offset: attribute.value.offset, expected: 4, found: attribute.value.count)
            }
            destination = prefix
        case Key.outputLink: link = try attribute.host()
        case Key.gateway: gateway = try attribute.address()
        case Key.via:
            // A gateway of the other family: struct rtvia, a 16-bit family and the address.
            gateway = IPAddress(bytes: attribute.raw().dropFirst(2))
        case Key.metric: metric = try attribute.host()
        case Key.preferredSource: source = try attribute.address()
        case Key.table: table = try attribute.host()
        case Key.metrics:
            var metrics = attribute.attributes
            while let metric = try metrics.next() {
                if metric.type == Key.metricMTU { mtu = try metric.host() }
                if metric.type == Key.metricMSS { advertisedMSS = try metric.host() }
            }
        default: break
        }
    }

    fileprivate func write(to writer: inout WireWriter, deleting: Bool) {
        writer.uint8(destination.address.family.code)
        writer.uint8(UInt8(clamping: destination.length))
        writer.zeros(2)
        writer.uint8(table < 256 ? UInt8(table) : 0)
        writer.uint8(`protocol`.rawValue)
        // Deleting: any scope will do (RT_SCOPE_NOWHERE).
        writer.uint8(deleting ? RouteScope.nowhere.rawValue : scope.rawValue)
        writer.uint8(kind.rawValue)
        writer.host(isOnLink ? Route.onLinkFlag : 0)
        if destination.length > 0 { writer.attribute(Key.destination, raw: destination.address.bytes) }
        if table >= 256 { writer.attribute(Key.table, host: table) }
        writeGateway(to: &writer)
        if let link { writer.attribute(Key.outputLink, host: link) }
        if metric != 0 { writer.attribute(Key.metric, host: metric) }
        if let source { writer.attribute(Key.preferredSource, raw: source.bytes) }
        guard !deleting, mtu != nil || advertisedMSS != nil else { return }
        writer.nested(Key.metrics) { metrics in
            if let mtu { metrics.attribute(Key.metricMTU, host: mtu) }
            if let advertisedMSS { metrics.attribute(Key.metricMSS, host: advertisedMSS) }
        }
    }

    private func writeGateway(to writer: inout WireWriter) {
        guard let gateway else { return }
        if gateway.family == destination.address.family {
            writer.attribute(Key.gateway, raw: gateway.bytes)
        } else {
            writer.attribute(Key.via) { via in
                via.host(UInt16(gateway.family.code))
                via.raw(gateway.bytes)
            }
        }
    }
}

extension Route: CustomStringConvertible {
    package var description: String {
        var text = kind == .unicast ? "\(destination)" : "\(kind) \(destination)"
        if let gateway { text += " via \(gateway)" }
        if let link { text += " dev #\(link)" }
        if table != Route.mainTable { text += " table \(table)" }
        if metric != 0 { text += " metric \(metric)" }
        return text
    }
}

extension RouteRequest {
    /// EEXIST where there is one to this destination with this metric; IPv6 adds another next hop instead unless it is equal.
    package static func addRoute(_ route: Route) -> RouteRequest {
        change("add", route, type: RouteMessage.newRoute, flags: [.create, .exclusive])
    }

    /// Adds it, or takes the place of the one to this destination with this metric.
    package static func replaceRoute(_ route: Route) -> RouteRequest {
        change("set", route, type: RouteMessage.newRoute, flags: [.create, .replace])
    }

    /// Deletes the first route that agrees in all given fields. ESRCH where there is none.
    package static func deleteRoute(_ route: Route) -> RouteRequest {
        change("delete", route, type: RouteMessage.deleteRoute, flags: [])
    }

    private static func change(_ verb: String, _ route: Route, type: UInt16, flags: MessageFlags) -> RouteRequest {
        RouteRequest("\(verb) route \(route)", type: type, flags: flags) {
            route.write(to: &$0, deleting: type == RouteMessage.deleteRoute)
        }
    }
}
