package import NetTypes
import WireCodec

/// A link to be created. It is made down: raising it takes a second message (a veth made up at once fails with ENOTCONN).
package struct NewLink: Sendable {
    package var name: String
    package var kind: Kind
    /// In bytes; the kernel's default where `nil`.
    package var mtu: UInt32?
    package var mac: MACAddress?
    package var master: Int32?
    /// A number that `deleteLinks(group:)` takes; 0 is everybody's.
    package var group: UInt32?
    /// Where it is to appear, if not in the socket's own namespace.
    package var namespace: NetworkNamespace?

    package enum Kind: Sendable {
        case veth(peer: Peer)
        case vxlan(VXLAN)
        case bridge
    }

    /// The other end of a veth pair.
    package struct Peer: Sendable {
        package var name: String
        package var mtu: UInt32?
        package var mac: MACAddress?
        package var namespace: NetworkNamespace?

        package init(
            _ name: String, in namespace: NetworkNamespace? = nil, mtu: UInt32? = nil, mac: MACAddress? = nil
        ) {
            self.name = name
            self.mtu = mtu
            self.mac = mac
            self.namespace = namespace
        }
    }

    package init(
        _ name: String, _ kind: Kind, mtu: UInt32? = nil, mac: MACAddress? = nil, master: Int32? = nil,
        group: UInt32? = nil, namespace: NetworkNamespace? = nil
    ) {
        self.name = name
        self.kind = kind
        self.mtu = mtu
        self.mac = mac
        self.master = master
        self.group = group
        self.namespace = namespace
    }
}

/// Per-device settings of IPv4 that a message can change, without entering the namespace (`IPV4_DEVCONF_*`, linux/ip.h). The link must
/// be there already: the message that makes it cannot carry them.
package enum IPv4Setting: UInt16, Hashable, Sendable {
    case forwarding = 1
    case proxyARP = 3
    case acceptRedirects = 4
    case sendRedirects = 6
    case reversePathFilter = 8
    case acceptLocal = 23
    case routeLocalnet = 26
    case arpNotify = 22
}

/// What shall differ in a link. Unset fields stay as they are.
package struct LinkChange: Sendable {
    package var isUp: Bool?
    package var mtu: UInt32?
    package var mac: MACAddress?
    /// Renaming needs the link to be down on kernels before 6.3.
    package var name: String?
    package var namespace: NetworkNamespace?
    /// 0 takes it out of its bridge.
    package var master: Int32?
    package var group: UInt32?
    package var alias: String?
    package var ipv4Settings: [IPv4Setting: Int32] = [:]
    /// Of a bridge's port: lets a frame go back where it came from.
    package var hairpin: Bool?

    package init(
        isUp: Bool? = nil, mtu: UInt32? = nil, mac: MACAddress? = nil, name: String? = nil,
        namespace: NetworkNamespace? = nil, master: Int32? = nil, group: UInt32? = nil, alias: String? = nil,
        ipv4Settings: [IPv4Setting: Int32] = [:], hairpin: Bool? = nil
    ) {
        self.isUp = isUp
        self.mtu = mtu
        self.mac = mac
        self.name = name
        self.namespace = namespace
        self.master = master
        self.group = group
        self.alias = alias
        self.ipv4Settings = ipv4Settings
        self.hairpin = hairpin
    }

    package static var up: LinkChange { LinkChange(isUp: true) }
    package static var down: LinkChange { LinkChange(isUp: false) }
}

extension RouteRequest {
    /// EEXIST where the name is taken, in the peer's namespace too.
    package static func createLink(_ link: NewLink) -> RouteRequest {
        RouteRequest("create link \(link.name)", type: RouteMessage.newLink, flags: [.create, .exclusive]) { writer in
            LinkReference.named(link.name).writeHeader(to: &writer)
            if let mtu = link.mtu { writer.attribute(LinkKey.mtu, host: mtu) }
            if let mac = link.mac { writer.attribute(LinkKey.mac, raw: mac.bytes) }
            if let master = link.master { writer.attribute(LinkKey.master, host: master) }
            if let group = link.group { writer.attribute(LinkKey.group, host: group) }
            if let namespace = link.namespace { writer.attribute(LinkKey.namespace, host: namespace.descriptor) }
            writer.nested(LinkKey.information) { link.kind.write(to: &$0) }
        }
    }

    package static func changeLink(_ link: LinkReference, _ change: LinkChange) -> RouteRequest {
        RouteRequest("change link \(link)", type: RouteMessage.newLink) { writer in
            let up: UInt32 = change.isUp == true ? 1 : 0
            link.writeHeader(to: &writer, flags: up, changed: change.isUp == nil ? 0 : 1)
            // Beside an index the name is the new name; beside an old name it cannot be said.
            if let name = change.name { writer.attribute(LinkKey.name, text: name) }
            if let mtu = change.mtu { writer.attribute(LinkKey.mtu, host: mtu) }
            if let mac = change.mac { writer.attribute(LinkKey.mac, raw: mac.bytes) }
            if let master = change.master { writer.attribute(LinkKey.master, host: master) }
            if let group = change.group { writer.attribute(LinkKey.group, host: group) }
            if let alias = change.alias { writer.attribute(LinkKey.alias, text: alias) }
            if let namespace = change.namespace { writer.attribute(LinkKey.namespace, host: namespace.descriptor) }
            writer.settings(change.ipv4Settings)
            if let hairpin = change.hairpin {
                writer.nested(LinkKey.information) { information in
                    information.attribute(LinkKey.informationMemberKind, text: "bridge")
                    information.nested(LinkKey.informationMemberData) { $0.attribute(4, host: UInt8(hairpin ? 1 : 0)) }
                }
            }
        }
    }

    /// Takes some 20 ms: the kernel waits until no packet uses the link any more. One end of a veth takes the other with it.
    package static func deleteLink(_ link: LinkReference) -> RouteRequest {
        RouteRequest("delete link \(link)", type: RouteMessage.deleteLink) { link.writeHeader(to: &$0) }
    }

    /// Deletes all links of a group in about the time of one. ENODEV where there are none.
    package static func deleteLinks(group: UInt32) -> RouteRequest {
        RouteRequest("delete links of group \(group)", type: RouteMessage.deleteLink) {
            LinkReference.index(0).writeHeader(to: &$0)
            $0.attribute(LinkKey.group, host: group)
        }
    }
}

extension NewLink.Kind {
    func write(to writer: inout WireWriter) {
        switch self {
        case .veth(let peer):
            writer.attribute(LinkKey.informationKind, text: "veth")
            writer.nested(LinkKey.informationData) { data in
                data.nested(1) { peer.write(to: &$0) }
            }
        case .vxlan(let vxlan):
            writer.attribute(LinkKey.informationKind, text: "vxlan")
            writer.nested(LinkKey.informationData) { vxlan.write(to: &$0) }
        case .bridge:
            writer.attribute(LinkKey.informationKind, text: "bridge")
        }
    }
}

extension NewLink.Peer {
    func write(to writer: inout WireWriter) {
        LinkReference.named(name).writeHeader(to: &writer)
        if let mtu { writer.attribute(LinkKey.mtu, host: mtu) }
        if let mac { writer.attribute(LinkKey.mac, raw: mac.bytes) }
        if let namespace { writer.attribute(LinkKey.namespace, host: namespace.descriptor) }
    }
}

extension WireWriter {
    /// `IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { … } } }`
    fileprivate mutating func settings(_ settings: [IPv4Setting: Int32]) {
        guard !settings.isEmpty else { return }
        nested(LinkKey.perFamily) { families in
            families.nested(2) { family in
                family.nested(1) { configuration in
                    for (setting, value) in settings { configuration.attribute(setting.rawValue, host: value) }
                }
            }
        }
    }
}
