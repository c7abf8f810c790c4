import NetTypes
import Testing

@testable import Lab

@Suite
struct TopologyTests {
    @Test
    func `switched nodes share a segment, and the client knows no way out of it`() {
        let topology = LabTopology(nodes: 2, shape: .switched, isDualStack: false)
        #expect(topology.nodes.map(\.addresses) == [["172.18.0.11/24"], ["172.18.0.12/24"]])
        #expect(
            topology.middleCommands { $0 == "client" ? 9 : 1 } == [
                "link set lo up", "link add name switch type bridge mcast_snooping 0", "link set switch up",
                "address add 172.18.0.1/24 dev switch",
                "link add name node-1 type veth peer name eth0 netns 1", "link set node-1 master switch up",
                "link add name node-2 type veth peer name eth0 netns 1", "link set node-2 master switch up",
                "link add name client type veth peer name eth0 netns 9", "link set client master switch up",
            ])
        #expect(
            topology.memberCommands(topology.client) == [
                "link set lo up", "address add 172.18.0.200/24 dev eth0", "link set eth0 up",
            ])
    }

    @Test
    func `routed nodes have segments and gateways of both families`() throws {
        let topology = LabTopology(nodes: 3, shape: .routed, isDualStack: true)
        let node = try #require(topology.nodes.last)
        #expect(
            topology.memberCommands(node) == [
                "link set lo up", "address add 172.18.3.10/24 dev eth0",
                "address add fd00:172:18:3::10/64 dev eth0 nodad", "link set eth0 up",
                "route add default via 172.18.3.1 dev eth0", "route add default via fd00:172:18:3::1 dev eth0",
            ])
        #expect(topology.middleCommands { _ in 1 }.contains("address add fd00:172:18:3::1/64 dev node-3 nodad"))
    }

    @Test
    func `every address of the largest lab is one, and no two are the same`() {
        for shape in [LabTopology.Shape.switched, .routed] {
            let topology = LabTopology(nodes: LabTopology.maximumNodes, shape: shape, isDualStack: true)
            let hosts = topology.members.flatMap(\.hosts)
            #expect(hosts.allSatisfy { IPAddress($0) != nil })
            #expect(Set(hosts).count == hosts.count)
        }
    }

    private func prefixes(_ texts: String...) -> [IPPrefix] { texts.compactMap { IPPrefix($0) } }

    @Test
    func `nodes get the first free part of each range`() throws {
        let ranges = try #require(NodeRanges(cluster: prefixes("10.244.0.0/16", "fd00:10:244::/48")))
        let first = try #require(ranges.next(taken: []))
        #expect(first == prefixes("10.244.0.0/24", "fd00:10:244::/64"))
        let second = try #require(ranges.next(taken: Set(first)))
        #expect(second == prefixes("10.244.1.0/24", "fd00:10:244:1::/64"))
        let third = ranges.next(taken: Set([second[0], first[1]]))
        #expect(third == [first[0], second[1]])
    }

    @Test
    func `a range that is used up gives nothing, and one that is too small is refused`() throws {
        let ranges = try #require(NodeRanges(cluster: prefixes("10.0.0.0/23")))
        #expect(ranges.next(taken: Set(prefixes("10.0.0.0/24", "10.0.1.0/24"))) == nil)
        #expect(NodeRanges(cluster: prefixes("10.0.0.0/24")) == nil)
    }
}
