import KubernetesModel
import NetTypes
import Netlink
import Testing

@testable import NodeAgent

struct RoutePlanTests {
    private func place(_ name: String, _ addresses: [String], _ ranges: [String]) throws -> NodePlace {
        NodePlace(
            name: name, addresses: try addresses.map { try #require(IPAddress($0)) },
            podRanges: try ranges.map { try #require(IPPrefix($0)) })
    }

    private func underlay(_ prefixes: String...) throws -> Underlay {
        Underlay(
            link: 2, name: "eth0", mtu: 1500,
            addresses: try prefixes.map { text in
                let parts = text.split(separator: "/")
                let address = try #require(IPAddress(parts[0]))
                let length = try #require(Int(parts[1]))
                return Underlay.Address(address: address, prefix: try #require(IPPrefix(address, length: length)))
            })
    }

    @Test func aNodeOnTheSameLinkIsReachedDirectlyAndAnotherThroughATunnel() throws {
        let a = try place("a", ["192.168.7.1"], ["10.244.1.0/24"])
        let b = try place("b", ["192.168.7.2"], ["10.244.2.0/24"])
        let c = try place("c", ["192.168.8.3"], ["10.244.3.0/24", "fd00:3::/64"])
        let plan = RoutePlan(nodes: [c, b, a], ownName: "a", underlays: [try underlay("192.168.7.1/24")])
        #expect(plan.unreachable == Set(a.podRanges))
        #expect(plan.hops.map(\.node) == ["b", "c", "c"])
        #expect(plan.hops[0].way == .direct(via: .v4(192, 168, 7, 2), link: 2))
        let far = RoutePlan.Way.tunnel(name: "fairway-vx4", node: .v4(192, 168, 8, 3), mac: c.tunnelMAC)
        #expect(plan.hops[1].way == far && plan.hops[2].way == far)
        #expect(plan.tunnels.map(\.name) == ["fairway-vx4"])
        #expect(plan.tunnels[0].mtu == 1450 && plan.tunnels[0].vxlan.local == .v4(192, 168, 7, 1))
        #expect(plan.tunnels[0].addresses == [.v4(10, 244, 1, 0)])
        #expect(plan.podMTU == 1450 && plan.gaps.isEmpty)
    }

    @Test func nodesOfOneLinkNeedNoTunnelAndTheFullMTU() throws {
        let a = try place("a", ["192.168.7.1", "fd00:7::1"], ["10.244.1.0/24", "fd00:1::/64"])
        let b = try place("b", ["192.168.7.2", "fd00:7::2"], ["10.244.2.0/24", "fd00:2::/64"])
        let plan = RoutePlan(nodes: [a, b], ownName: "a", underlays: [try underlay("192.168.7.1/24", "fd00:7::1/64")])
        #expect(plan.tunnels.isEmpty && plan.podMTU == 1500)
        #expect(
            plan.hops.map(\.way) == [
                .direct(via: .v4(192, 168, 7, 2), link: 2),
                .direct(via: try #require(IPAddress("fd00:7::2")), link: 2),
            ])
    }

    @Test func anIPv6OuterPacketTakesSeventyBytes() throws {
        let a = try place("a", ["fd00:7::1"], ["fd00:1::/64"])
        let b = try place("b", ["fd00:8::2"], ["fd00:2::/64"])
        let plan = RoutePlan(nodes: [a, b], ownName: "a", underlays: [try underlay("fd00:7::1/64")])
        #expect(plan.tunnels.map(\.name) == ["fairway-vx6"] && plan.podMTU == 1430)
    }

    @Test func nodesWithoutACommonFamilyAreAGap() throws {
        let a = try place("a", ["192.168.7.1"], ["10.244.1.0/24"])
        let b = try place("b", ["fd00:8::2"], ["fd00:2::/64"])
        let plan = RoutePlan(nodes: [a, b], ownName: "a", underlays: [try underlay("192.168.7.1/24")])
        #expect(plan.hops.isEmpty && plan.gaps.keys.sorted() == ["b"])
    }

    @Test func aNodeThatIsNotThereYetPlansNothing() throws {
        let b = try place("b", ["192.168.7.2"], ["10.244.2.0/24"])
        #expect(RoutePlan(nodes: [b], ownName: "a", underlays: []) == RoutePlan())
    }

    @Test func aNodeObjectIsReadWithoutItsFaultyParts() {
        let node = Node(
            metadata: ObjectMeta(name: "a"), spec: .init(podCIDRs: ["10.244.1.0/24", "nonsense"]),
            status: .init(addresses: [
                .init(type: "Hostname", address: "a"), .init(type: "InternalIP", address: "192.168.7.1"),
                .init(type: "ExternalIP", address: "203.0.113.1"),
            ]))
        let place = NodePlace(node)
        #expect(place.addresses == [.v4(192, 168, 7, 1)])
        #expect(place.podRanges.map(\.description) == ["10.244.1.0/24"])
    }

    @Test func tunnelAddressesFollowFromNamesAndDiffer() throws {
        let names = (0..<2000).map { "node-\($0)" }
        let macs = try names.map { try place($0, [], []).tunnelMAC }
        #expect(Set(macs).count == names.count)
        #expect(macs[7] == (try place("node-7", [], []).tunnelMAC))
    }
}
