/// Who is in a lab and which wires lead where, as lines for `ip -batch`. Pure: making it so is `LabNetwork`'s.
package struct LabTopology: Hashable, Sendable {
    package enum Shape: String, Codable, Hashable, Sendable {
        /// All on one Ethernet segment, behind a switch.
        case switched
        /// A segment for each, with a router between them.
        case routed
    }

    package struct Member: Codable, Hashable, Sendable {
        package var name: String
        /// With prefix lengths, IPv4 first.
        package var addresses: [String]
        /// Where everything else is sent.
        package var gateways: [String]

        /// Without prefix lengths.
        package var hosts: [String] { addresses.map { String($0.prefix { $0 != "/" }) } }
    }

    package static let maximumNodes = 50
    package static let clientName = "client"
    /// The namespace that is the switch, or the router.
    package static let middleName = "middle"

    package let shape: Shape
    package let nodes: [Member]
    package let client: Member

    package init(nodes count: Int, shape: Shape, isDualStack: Bool) {
        self.shape = shape
        func member(_ name: String, segment: Int, host: Int, hasGateway: Bool = true) -> Member {
            switch shape {
            case .switched:
                return Member(
                    name: name,
                    addresses: ["172.18.0.\(host)/24"] + (isDualStack ? ["fd00:172:18::\(host)/64"] : []),
                    gateways: hasGateway ? Self.switchAddresses(isDualStack) : [])
            case .routed:
                return Member(
                    name: name,
                    addresses: ["172.18.\(segment).10/24"]
                        + (isDualStack ? ["fd00:172:18:\(segment)::10/64"] : []),
                    gateways: ["172.18.\(segment).1"] + (isDualStack ? ["fd00:172:18:\(segment)::1"] : []))
            }
        }
        nodes = (1...max(1, count)).map { member("node-\($0)", segment: $0, host: 10 + $0) }
        // On one segment it knows nothing but its neighbours; behind a router it has to ask that.
        client = member(Self.clientName, segment: 200, host: 200, hasGateway: shape == .routed)
    }

    package var members: [Member] { nodes + [client] }

    /// A node needs a default route, like any host: without one the kernel refuses an address that only the rules of
    /// Services could make sense of. The switch has an address for that, and leads nowhere.
    private static func switchAddresses(_ isDualStack: Bool) -> [String] {
        ["172.18.0.1"] + (isDualStack ? ["fd00:172:18::1"] : [])
    }

    /// For the middle: both ends of every wire. `pid` names the process that holds a member's namespace.
    package func middleCommands(pid: (String) -> Int32) -> [String] {
        var lines = ["link set lo up"]
        // Snooping without a querier forgets who asked for which multicast, and IPv6 finds its neighbours by multicast.
        if shape == .switched {
            lines += ["link add name switch type bridge mcast_snooping 0", "link set switch up"]
            let isDualStack = client.addresses.count > 1
            lines += zip(Self.switchAddresses(isDualStack), client.addresses).map { address, other in
                "address add \(address)/\(Self.length(of: other)) dev switch" + Self.atOnce(address)
            }
        }
        for member in members {
            lines.append("link add name \(member.name) type veth peer name eth0 netns \(pid(member.name))")
            switch shape {
            case .switched: lines.append("link set \(member.name) master switch up")
            case .routed:
                lines.append("link set \(member.name) up")
                lines += zip(member.gateways, member.addresses).map { gateway, address in
                    "address add \(gateway)/\(Self.length(of: address)) dev \(member.name)" + Self.atOnce(gateway)
                }
            }
        }
        return lines
    }

    package func memberCommands(_ member: Member) -> [String] {
        ["link set lo up"] + member.addresses.map { "address add \($0) dev eth0" + Self.atOnce($0) }
            + ["link set eth0 up"] + member.gateways.map { "route add default via \($0) dev eth0" }
    }

    private static func length(of address: String) -> String {
        address.split(separator: "/").last.map(String.init) ?? ""
    }

    /// IPv6 would test an address for a second before it is of use; nobody else has it here.
    private static func atOnce(_ address: String) -> String { address.contains(":") ? " nodad" : "" }
}
