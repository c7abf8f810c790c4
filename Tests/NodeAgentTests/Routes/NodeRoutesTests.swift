import Foundation
import Logging
import NetTypes
import Netlink
import Synchronization
import TestSupport
import Testing

@testable import NodeAgent

@Suite(.enabled(if: NetworkAbility.isWanted && Tool.ip.isWanted && Tool.nft.isWanted, "needs root, ip(8) and nft(8)"))
struct NodeRoutesTests {
    private final class Repairs: Sendable {
        let all = Mutex<[NodeRoutes.Repair]>([])
    }

    /// Starts the routes of all three nodes, and gives those of `a`.
    private func withRoutes(
        _ body: (RoutedSegments, NodeRoutes, Repairs) async throws -> Void
    ) async throws {
        try await RoutedSegments.with { segments in
            let nodes = segments.places.map { NodePlace(name: $0.name, addresses: [$0.address], podRanges: $0.ranges) }
            let repairs = Repairs()
            var all: [NodeRoutes] = []
            for place in segments.places {
                let isFirst = place.name == "a"
                all.append(
                    try NodeRoutes(
                        .init(nodeName: place.name), in: place.node, logger: Logger(label: "test"),
                        onRepair: { repair in if isFirst { repairs.all.withLock { $0.append(repair) } } }))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for routes in all {
                    await routes.setNodes(nodes)
                    #expect(await routes.obstacle == nil)
                    group.addTask { try await routes.run() }
                }
                try await body(segments, all[0], repairs)
                group.cancelAll()
            }
        }
    }

    private func ping(_ from: RoutedSegments.Place, _ to: IPAddress) async throws -> Bool {
        try await from.pod.program("ping", "-c1", "-W1", "\(to)").status == 0
    }

    @Test func podsReachEachOtherDirectlyAndThroughTheTunnelInBothFamilies() async throws {
        try await withRoutes { segments, routes, repairs in
            let (a, b, c) = (segments.places[0], segments.places[1], segments.places[2])
            for (from, to) in [(a, b), (b, a), (a, c), (c, a), (b, c), (c, b)] {
                for address in to.podAddresses {
                    try await eventually("\(from.name) reaches \(address)") { try await ping(from, address) }
                }
            }
            // Dual stack over nodes that have IPv4 alone: the IPv6 pods of `b` are reached through the tunnel.
            let ways = await routes.present.hops.map { "\($0.node) \($0.range.address.family) \($0.way)" }
            #expect(
                ways.count == 4 && ways[0].contains("direct") && ways.dropFirst().allSatisfy { $0.contains("tunnel") })
            #expect(await routes.present.podMTU == 1450)
            let shown = try await a.node.program("ip", "route", "show", "proto", "103").text
            #expect(shown.contains("10.244.2.0/24 via 192.168.7.2 dev eth0"))
            #expect(shown.contains("10.244.3.0/24 via 10.244.3.0 dev fairway-vx4 src 10.244.1.0 onlink"))
            #expect(shown.contains("unreachable 10.244.1.0/24"))
            // The node itself, too.
            #expect(try await a.node.program("ping", "-c1", "-W1", "10.244.3.5").status == 0)
            #expect(repairs.all.withLock { $0 } == [])
        }
    }

    @Test(arguments: [
        "ip route del 10.244.2.0/24", "ip -6 route del fd00:3::/64", "ip link del fairway-vx4",
        "ip link set fairway-vx4 down", "ip neigh del 10.244.3.0 dev fairway-vx4",
        "ip addr flush dev fairway-vx4", "ip route flush proto 103",
        "bridge fdb flush dev fairway-vx4", "ip link set fairway-vx4 mtu 1300",
    ])
    func whatSomebodyTakesAwayIsBackWithinATenthOfASecond(command: String) async throws {
        try await withRoutes { segments, _, repairs in
            let (a, c) = (segments.places[0], segments.places[2])
            func holds() throws -> RouteState { try RouteState(reading: RouteSocket(in: a.node)) }
            let before = try holds()
            try await eventually("the pods of c are reached") { try await ping(a, c.podAddresses[0]) }
            var words = command.split(separator: " ").map(String.init)
            if words[2] == "flush", words[0] == "bridge" {
                let mac = NodePlace(name: "c", addresses: [], podRanges: []).tunnelMAC
                words = ["bridge", "fdb", "del", "\(mac)", "dev", "fairway-vx4", "dst", "192.168.8.3"]
            }
            let result = try await a.node.program("sh", "-c", words.joined(separator: " "))
            #expect(result.status == 0, "\(result.text)")
            try await eventually("it is as before", within: .milliseconds(100), every: .milliseconds(2)) {
                let now = try holds()
                return Set(now.routes.map(\.comparable)) == Set(before.routes.map(\.comparable))
                    && now.neighbours.count == before.neighbours.count
                    && now.addresses.count == before.addresses.count
                    && now.tunnels.values.allSatisfy { $0.isUp && $0.mtu == 1450 } && now.tunnels.count == 1
            }
            try await eventually("the pods of c are reached again", within: .seconds(5)) {
                try await ping(a, c.podAddresses[0])
            }
            #expect(repairs.all.withLock { !$0.isEmpty })
        }
    }

    @Test func aRepairNamesWhoDidIt() async throws {
        try await withRoutes { segments, _, repairs in
            try await segments.places[0].node.program("ip", "route", "del", "10.244.2.0/24")
            try await eventually("it is told") { repairs.all.withLock { !$0.isEmpty } }
            let repair = try #require(repairs.all.withLock { $0.first })
            #expect(repair.object == "route" && repair.subject.hasPrefix("10.244.2.0/24 via 192.168.7.2"))
            #expect(repair.culprit?.contains("process") == true, "\(repair)")
        }
    }

    @Test func aNodeThatLeavesTakesItsRoutesAndTheTunnelAlong() async throws {
        try await withRoutes { segments, routes, repairs in
            let a = segments.places[0]
            let left = segments.places.prefix(2).map {
                NodePlace(name: $0.name, addresses: [$0.address], podRanges: [$0.ranges[0]])
            }
            await routes.setNodes(left)
            #expect(await routes.obstacle == nil)
            let state = try RouteState(reading: RouteSocket(in: a.node))
            #expect(
                state.tunnels.isEmpty
                    && state.routes.map(\.destination.description).sorted() == ["10.244.1.0/24", "10.244.2.0/24"])
            #expect(repairs.all.withLock { $0 } == [])
        }
    }

    @Test func packetsThatLeaveTheClusterAreMasqueradedAndOthersAreNot() async throws {
        try await withRoutes { segments, _, _ in
            let (a, b) = (segments.places[0], segments.places[1])
            let text = try await a.node.program("nft", "list", "table", "inet", "fairway-pods").text
            #expect(text.contains("ip saddr @pods4 ip daddr != @cluster4 masquerade fully-random"), "\(text)")
            #expect(text.contains("10.244.2.0/24"), "\(text)")
            // The router has no route to pods: an answer comes only to the node's address.
            try await eventually("the pod reaches the world") { try await ping(a, .v4(192, 168, 8, 254)) }
            // Between pods addresses stay as they are.
            try await b.node.program(
                "nft",
                "add table ip seen; add chain ip seen c { type filter hook forward priority 0; }; add rule ip seen c ip saddr 10.244.1.5 counter"
            )
            try await eventually("the pods of b are reached") { try await ping(a, b.podAddresses[0]) }
            let seen = try await b.node.program("nft", "list", "table", "ip", "seen").text
            #expect(!seen.contains("packets 0 "), "\(seen)")
        }
    }

    @Test func cleaningUpLeavesNothingOfOursAndAllElse() async throws {
        try await RoutedSegments.with { segments in
            let a = segments.places[0]
            let before = try await a.node.program(
                "sh", "-c", "ip route; ip -6 route; ip -o link | wc -l; nft list tables"
            ).text
            do {
                let routes = try NodeRoutes(.init(nodeName: "a"), in: a.node, logger: Logger(label: "test"))
                await routes.setNodes(
                    segments.places.map { NodePlace(name: $0.name, addresses: [$0.address], podRanges: $0.ranges) })
            }
            #expect(try NodeRoutes.cleanUp(in: a.node).count == 8)
            let after = try await a.node.program(
                "sh", "-c", "ip route; ip -6 route; ip -o link | wc -l; nft list tables"
            ).text
            #expect(after == before)
            #expect(try NodeRoutes.cleanUp(in: a.node).isEmpty)
        }
    }
}

extension Route {
    /// Without the device's number, which changes when it is made again.
    fileprivate var comparable: String { "\(destination) \(kind) \(gateway as Any) \(metric)" }
}
