import KubernetesModel
import Logging
import NetTypes
import Netlink
import TestSupport
import Testing

@testable import PodNetwork

/// Thrown after a step of ADD: what a `kill -9` leaves.
private struct Killed: Error {}

@Suite(.enabled(if: NetworkAbility.isWanted)) struct RecoveryTests {
    @Test(arguments: AttachStep.allCases)
    func anAddThatIsKilledAfterAnyStepLeavesNothing(_ step: AttachStep) async throws {
        try await TestNode.with(serves: false, afterStep: { if $0 == step, $1.container == "a" { throw Killed() } }) {
            node in
            _ = try node.makePod("a")
            _ = try node.makePod("b")
            let kept = try await node.add("b")
            let mapping: JSONValue = ["runtimeConfig": ["portMappings": [["hostPort": 8080, "containerPort": 80]]]]
            #expect(try await node.code("ADD", "a", configuration: mapping) == CNIError.Code.tryAgainLater.rawValue)
            try await node.restarted { node in
                // Killed after the last step: ADD was done, and only its answer was lost. The runtime then sends DEL.
                #expect(node.agent.addresses().contains { $0.key == key("a") } == (step == .attached))
                #expect(try await node.code("DEL", "a") == 0)
                try await eventually("only b is left") {
                    try node.podLinks() == [PodLink(key("b")).hostName]
                        && node.agent.addresses().map(\.address) == kept.addresses
                }
                #expect(try node.routes().map(\.destination.address).sorted() == kept.addresses)
                #expect(try await NftablesReader(node).elements() == [])
                // And the same container can be added again.
                #expect(try await node.add("a").addresses.count == 2)
            }
        }
    }

    @Test func podsOutliveTheirAgent() async throws {
        try await TestNode.with { node in
            let (a, _) = (try node.makePod("a"), try node.makePod("b"))
            let pods = (try await node.add("a"), try await node.add("b"))
            let server = try Traffic.Server(in: a, .v6)
            try await node.restarted { node in
                #expect(try Traffic.ask(pods.0.address(.v6), server.port, from: node.namespace) != nil)
                #expect(node.agent.addresses().count == 4)
                #expect(try await node.code("CHECK", "a", configuration: ["prevResult": pods.0.result]) == 0)
                for pod in ["a", "b"] { #expect(try await node.code("DEL", pod) == 0) }
                try await node.expectEmpty()
            }
        }
    }

    @Test func afterARebootNothingIsHeldAndOldContainersCanBeDeleted() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            try await node.add("a")
            // Another namespace for the node, as another boot: the links of the log do not exist there.
            try await TestNode.with { other in
                let settings = PodNetworkAgent.Settings(stateDirectory: node.directory, nodeNamespace: other.namespace)
                let agent = try PodNetworkAgent(settings, log: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
                try await agent.start()
                #expect(agent.addresses().isEmpty)
                #expect(agent.pools == node.pools)
                let answer = await agent.answer(
                    CNIInvocation(
                        environment: ["CNI_COMMAND": "DEL", "CNI_CONTAINERID": "a", "CNI_IFNAME": "eth0"],
                        configuration: Array(#"{"cniVersion":"1.0.0","name":"fairway"}"#.utf8)))
                #expect(answer.exitCode == 0)
            }
        }
    }

    @Test func aPodWhoseNamespaceVanishedIsFreedWithoutTheRuntime() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            try await node.add("a")
            try node.removePod("a")
            try await eventually("the kernel has taken the link away") { try node.podLinks().isEmpty }
            await node.agent.collect()
            try await node.expectEmpty()
        }
    }

    @Test func linksThatNobodyOwnsAreDeletedAndForeignOnesAreNot() async throws {
        try await TestNode.with { node in
            let route = try RouteSocket(in: node.namespace)
            let orphan = PodLink(key("forgotten")).hostName
            for name in [orphan, "fwsomething", "veth12345678901"] {
                try route.perform(.createLink(NewLink(name, .veth(peer: .init("p\(name.prefix(10))")))))
            }
            await node.agent.collect()
            let names = try route.links().map(\.name)
            #expect(!names.contains(orphan))
            #expect(names.contains("fwsomething") && names.contains("veth12345678901"))
        }
    }

    @Test func routesThatSomebodyRemovedComeBack() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            let added = try await node.add("a")
            let server = try Traffic.Server(in: pod, .v4)
            let route = try RouteSocket(in: node.namespace)
            for address in added.addresses { try route.perform(.deleteRoute(Route(to: IPPrefix(address)))) }
            #expect(try Traffic.ask(added.address(.v4), server.port, from: node.namespace) == nil)
            await node.agent.collect()
            #expect(try Traffic.ask(added.address(.v4), server.port, from: node.namespace) != nil)
        }
    }

    @Test func garbageIsWhatTheRuntimeNoLongerKnows() async throws {
        try await TestNode.with { node in
            for pod in ["a", "b", "c"] {
                _ = try node.makePod(pod)
                try await node.add(pod)
            }
            #expect(try await node.code("GC", "") == CNIError.Code.invalidConfiguration.rawValue)
            #expect(node.agent.attachments().count == 3)
            let valid: JSONValue = ["cni.dev/valid-attachments": [["containerID": "b", "ifname": "eth0"]]]
            #expect(try await node.code("GC", "", configuration: valid) == 0)
            try await eventually("only b is left") { try node.podLinks() == [PodLink(key("b")).hostName] }
            // Another network's garbage is not ours.
            let other: JSONValue = ["name": "other", "cni.dev/valid-attachments": []]
            #expect(try await node.code("GC", "", configuration: other) == 0)
            #expect(node.agent.attachments().map(\.key) == [key("b")])
        }
    }

    @Test func everythingIsRemovedOnRequestAndNothingElse() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            let mapping: JSONValue = ["runtimeConfig": ["portMappings": [["hostPort": 8080, "containerPort": 80]]]]
            try await node.add("a", configuration: mapping)
            try await node.agent.removeEverything()
            try await node.expectEmpty()
            #expect(try NftablesSocket(in: node.namespace).tables().isEmpty)
            #expect(try RouteSocket(in: node.namespace).links().map(\.name).sorted() == ["lo", "out0", "out1"])
        }
    }
}

/// The elements of our table, as the kernel lists them.
struct NftablesReader {
    private let node: TestNode
    init(_ node: TestNode) { self.node = node }

    func elements() async throws -> [String] {
        let nftables = try NftablesSocket(in: node.namespace)
        guard try nftables.tables().contains(where: { $0.table == HostPortLayout.table }) else { return [] }
        return try nftables.sets(in: HostPortLayout.table).flatMap { set in
            try nftables.elements(of: set.name, in: HostPortLayout.table).map { "\(set.name) \($0.key)" }
        }
    }
}
