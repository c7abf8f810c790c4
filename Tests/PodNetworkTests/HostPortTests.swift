import KubernetesModel
import NetTypes
import Netlink
import TestSupport
import Testing

@testable import PodNetwork

@Suite(.enabled(if: NetworkAbility.isWanted)) struct HostPortTests {
    private func mappings(_ list: JSONValue...) -> JSONValue { ["runtimeConfig": ["portMappings": .array(list)]] }

    @Test func aHostPortLeadsToThePodFromWhereverItIsReached() async throws {
        try await TestNode.with { node in
            let (a, b) = (try node.makePod("a"), try node.makePod("b"))
            let added = try await node.add(
                "a",
                configuration: mappings(
                    ["hostPort": 8080, "containerPort": 80, "protocol": "tcp"],
                    ["hostPort": 5353, "containerPort": 53, "protocol": "UDP"], ["hostPort": 0, "containerPort": 9]))
            try await node.add("b")
            for family in IPAddress.Family.both {
                let (web, names) = (
                    try Traffic.Server(in: a, family, port: 80),
                    try Traffic.Server(in: a, family, port: 53, datagrams: true)
                )
                let host = try address(family == .v4 ? "192.0.2.1" : "2001:db8::1")
                // From another pod, with its own address.
                #expect(try Traffic.ask(host, 8080, from: b) != nil)
                #expect(try Traffic.ask(host, 5353, from: b, datagrams: true) != nil)
                // From the node itself, and from the pod that has the port (hairpin).
                #expect(try Traffic.ask(host, 8080, from: node.namespace) != nil)
                #expect(try Traffic.ask(host, 8080, from: a) != nil)
                withExtendedLifetime((web, names)) {}
            }
            let web = try Traffic.Server(in: a, .v4, port: 80)
            #expect(try Traffic.ask(.v4(127, 0, 0, 1), 8080, from: node.namespace) != nil)
            #expect(try await node.code("CHECK", "a", configuration: ["prevResult": added.result]) == 0)
            #expect(try await node.code("DEL", "a") == 0)
            #expect(try Traffic.ask(.v4(192, 0, 2, 1), 8080, from: b) == nil)
            #expect(try await NftablesReader(node).elements() == [])
            withExtendedLifetime(web) {}
        }
    }

    @Test func aHostAddressKeepsThePortFromOthers() async throws {
        try await TestNode.with { node in
            let (a, b) = (try node.makePod("a"), try node.makePod("b"))
            let route = try RouteSocket(in: node.namespace)
            let index = try route.link(.named("out0")).index
            try route.perform(.addAddress(InterfaceAddress(.v4(192, 0, 2, 2), prefixLength: 24, link: index)))
            try await node.add(
                "a", configuration: mappings(["hostPort": 80, "containerPort": 80, "hostIP": "192.0.2.1"]))
            try await node.add(
                "b", configuration: mappings(["hostPort": 80, "containerPort": 80, "hostIP": "192.0.2.2"]))
            _ = try node.makePod("c")
            let taken = mappings(["hostPort": 80, "containerPort": 80])
            #expect(try await node.code("ADD", "c", configuration: taken) == CNIError.Code.conflict.rawValue)
            let server = try Traffic.Server(in: b, .v4, port: 80)
            #expect(try Traffic.ask(.v4(192, 0, 2, 1), 80, from: node.namespace) == nil)
            #expect(try Traffic.ask(.v4(192, 0, 2, 2), 80, from: node.namespace) != nil)
            withExtendedLifetime((a, server)) {}
        }
    }

    /// portmap's upstream trap: "DEL A after ADD B reused the same port".
    @Test func aLateDeleteDoesNotTakeAPortThatIsAnothersByNow() async throws {
        try await TestNode.with { node in
            let port = mappings(["hostPort": 8080, "containerPort": 80])
            for pod in ["a", "b"] { _ = try node.makePod(pod) }
            try await node.add("a", configuration: port)
            #expect(try await node.code("DEL", "a") == 0)
            try await node.add("b", configuration: port)
            #expect(try await node.code("DEL", "a") == 0)
            #expect(try await NftablesReader(node).elements().count == 4)
        }
    }

    @Test func aTableThatSomebodyFlushedIsRestored() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            try await node.add("a", configuration: mappings(["hostPort": 8080, "containerPort": 80]))
            let before = try await NftablesReader(node).elements()
            // As owner we keep others out where the kernel can; a table that a crash left is nobody's until it is adopted.
            _ = try? await withNft(node, "flush ruleset")
            await node.agent.collect()
            #expect(try await NftablesReader(node).elements() == before)
        }
    }

    private func withNft(_ node: TestNode, _ command: String) async throws -> String {
        try Program.run(Tool.nft, command.split(separator: " ").map(String.init), in: node.namespace)
    }

    @Test(.enabled(if: Tool.nft.isWanted)) func nftReadsWhatWeWrote() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            try await node.add(
                "a",
                configuration: mappings(
                    ["hostPort": 8080, "containerPort": 80],
                    ["hostPort": 53, "containerPort": 53, "protocol": "udp", "hostIP": "192.0.2.1"]))
            let text = try await withNft(node, "list table inet fairway-hostports")
            #expect(text.contains("tcp . 8080 : 10.244.7.2 . 80"))
            #expect(text.contains("192.0.2.1 . udp . 53 : 10.244.7.2 . 53"))
            #expect(text.contains("fib daddr type local goto translate"))
            #expect(text.contains("tcp . 8080 : fd00:244:7::2 . 80"))
        }
    }
}
