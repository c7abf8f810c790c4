import KubernetesModel
import NetTypes
import Netlink
import ServiceRules
import TestSupport
import Testing

@testable import NodeAgent

/// Real packets through the real kernel.
@Suite(
    .enabled(if: NetworkAbility.isWanted, "needs root, to make network namespaces"), .serialized,
    .timeLimit(.minutes(2)))
struct ServiceTrafficTests {
    typealias Cluster = ClusterObjects

    static let allPods = [TestNode.pod(1), TestNode.pod(2), TestNode.pod(3)]

    /// Three pods that answer, and what a body does with them.
    func withServers(
        _ objects: [ClusterChange], _ body: (TestNode, ServiceProgrammer) async throws -> Void
    ) async throws {
        try await TestNode.with { node in
            var servers: [NamedServer] = []
            for (index, pod) in node.pods.enumerated() {
                servers.append(try await NamedServer("pod\(index + 1)", in: pod))
            }
            let services = try await node.programmer()
            try await services.apply(
                [Cluster.node, .serviceRanges([try #require(IPPrefix("10.96.0.0/16"))])] + objects)
            try await body(node, services)
            for server in servers { await server.stop() }
            await services.health.stop()
        }
    }

    @Test func aClusterIPBalancesOverItsEndpointsInBothFamilies() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1", "fd96::1"]),
            Cluster.slice("web", [TestNode.pod(1), TestNode.pod(2)]),
            Cluster.slice("web", [TestNode.pod6(1), TestNode.pod6(2)], family: "IPv6"),
        ]) { (node, _) async throws in
            let v4 = try await node.pods[2].ask("10.96.0.1", 80, times: 24)
            #expect(
                v4 == [.answered(by: "pod1", seen: TestNode.pod(3)), .answered(by: "pod2", seen: TestNode.pod(3))])
            let v6 = try await node.pods[2].ask("fd96::1", 80, times: 24)
            #expect(
                v6 == [.answered(by: "pod1", seen: TestNode.pod6(3)), .answered(by: "pod2", seen: TestNode.pod6(3))])
            // The node itself is masqueraded: no pod.
            let own = try await node.node.ask("10.96.0.1", 80, times: 24)
            #expect(Set(own.compactMap(\.server)) == ["pod1", "pod2"])
            #expect(own.allSatisfy { "\($0)".hasSuffix("saw 10.244.1.1") })
        }
    }

    @Test func aClusterIPIsUnreachableFromOutside() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1", "fd96::1"]), Cluster.slice("web", Self.allPods),
            Cluster.slice("web", [TestNode.pod6(1)], family: "IPv6"),
        ]) { (node, _) async throws in
            #expect(try await node.outside.silence("10.96.0.1", 80) == .silence)
            #expect(try await node.outside.silence("10.96.0.1", 81) == .silence)
            #expect(try await node.outside.silence("10.96.9.9", 80) == .silence)
            #expect(try await node.outside.silence("fd96::1", 80) == .silence)
            // A pod's own address is another matter.
            #expect(try await node.outside.ask(TestNode.pod(1), 8080).server == "pod1")
        }
    }

    @Test func whatIsNoPortAndNoServiceIsRefused() async throws {
        try await withServers([Cluster.service("web", ["10.96.0.1"]), Cluster.slice("web", [TestNode.pod(2)])]) {
            (node, _) async throws in
            for client in [node.pods[0], node.node] {
                #expect(try await client.ask("10.96.0.1", 81) == .refused)
                #expect(try await client.ask("10.96.9.9", 80) == .refused)
                #expect(try await client.ask("10.96.0.1", 80).server != nil)
            }
        }
    }

    @Test func aNodePortWorksFromEverywhereAndLoopbackDoesNot() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1", "fd96::1"], nodePort: 30_080), Cluster.slice("web", [TestNode.pod(1)]),
            Cluster.slice("web", [TestNode.pod6(1)], family: "IPv6"),
        ]) { (node, _) async throws in
            #expect(
                try await node.outside.ask(TestNode.address, 30_080) == .answered(by: "pod1", seen: "10.244.1.1"))
            #expect(try await node.outside.ask("fd77::1", 30_080) == .answered(by: "pod1", seen: "fd44::1"))
            #expect(try await node.pods[1].ask(TestNode.address, 30_080).server == "pod1")
            #expect(try await node.node.ask(TestNode.address, 30_080).server == "pod1")
            #expect(try await node.node.ask("127.0.0.1", 30_080) == .refused)
        }
    }

    @Test func theExternalPolicyLocalKeepsTheClientsAddressAndItsPacketsOnThisNode() async throws {
        let local: (inout Service) -> Void = { $0.spec?.externalTrafficPolicy = "Local" }
        try await withServers([
            Cluster.service("web", ["10.96.0.1"], nodePort: 30_080, local),
            Cluster.slice("web", [TestNode.pod(1), TestNode.pod(2)], local: [TestNode.pod(1)]),
            Cluster.service("away", ["10.96.0.2"], nodePort: 30_081, local), Cluster.slice("away", [TestNode.pod(2)]),
        ]) { (node, _) async throws in
            #expect(
                try await node.outside.ask(TestNode.address, 30_080, times: 12)
                    == [.answered(by: "pod1", seen: TestNode.client)])
            // Pods and the node reach all of them, as if by way of the load balancer.
            let pod = try await node.pods[2].ask(TestNode.address, 30_080, times: 24)
            #expect(
                pod == [.answered(by: "pod1", seen: TestNode.pod(3)), .answered(by: "pod2", seen: TestNode.pod(3))])
            let own = try await node.node.ask(TestNode.address, 30_080, times: 24)
            #expect(Set(own.compactMap(\.server)) == ["pod1", "pod2"])
            // None here: silence to outsiders, service to pods.
            #expect(try await node.outside.silence(TestNode.address, 30_081) == .silence)
            #expect(try await node.pods[0].ask(TestNode.address, 30_081).server == "pod2")
        }
    }

    @Test func theInternalPolicyLocalStaysOnThisNode() async throws {
        let local: (inout Service) -> Void = { $0.spec?.internalTrafficPolicy = "Local" }
        try await withServers([
            Cluster.service("web", ["10.96.0.1"], local),
            Cluster.slice("web", [TestNode.pod(1), TestNode.pod(2)], local: [TestNode.pod(1)]),
            Cluster.service("away", ["10.96.0.2"], local), Cluster.slice("away", [TestNode.pod(2)]),
        ]) { (node, _) async throws in
            #expect(
                try await node.pods[2].ask("10.96.0.1", 80, times: 12) == [.answered(by: "pod1", seen: TestNode.pod(3))]
            )
            #expect(try await node.pods[2].silence("10.96.0.2", 80) == .silence)
        }
    }

    @Test func aPodReachesItselfThroughItsService() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1", "fd96::1"]),
            Cluster.slice("web", [TestNode.pod(1)], local: [TestNode.pod(1)]),
            Cluster.slice("web", [TestNode.pod6(1)], local: [TestNode.pod6(1)], family: "IPv6"),
        ]) { (node, _) async throws in
            #expect(try await node.pods[0].ask("10.96.0.1", 80) == .answered(by: "pod1", seen: "10.244.1.1"))
            #expect(try await node.pods[0].ask("fd96::1", 80) == .answered(by: "pod1", seen: "fd44::1"))
        }
    }

    @Test func aServiceWithoutEndpointsRefusesAtOnce() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1", "fd96::1"], nodePort: 30_080) {
                $0.spec?.externalIPs = ["198.51.100.9"]
            }
        ]) { (node, services) async throws in
            #expect(try await node.pods[0].ask("10.96.0.1", 80) == .refused)
            #expect(try await node.pods[0].ask("fd96::1", 80) == .refused)
            #expect(try await node.node.ask("10.96.0.1", 80) == .refused)
            #expect(try await node.outside.ask(TestNode.address, 30_080) == .refused)
            #expect(try await node.outside.ask("198.51.100.9", 80) == .refused)
            try await services.apply([Cluster.slice("web", [TestNode.pod(2)])])
            #expect(try await node.pods[0].ask("10.96.0.1", 80).server == "pod2")
            #expect(try await node.outside.ask("198.51.100.9", 80).server == "pod2")
        }
    }

    @Test func loadBalancerAddressesAndTheirSourceRanges() async throws {
        try await withServers([
            Cluster.service("web", ["10.96.0.1"], nodePort: 30_080) {
                $0.spec?.type = "LoadBalancer"
                $0.spec?.loadBalancerSourceRanges = ["192.168.77.0/28", "10.244.1.12/32"]
                $0.status = .init(
                    loadBalancer: .init(ingress: [
                        .init(ip: "198.51.100.1"), .init(ip: "198.51.100.2", ipMode: "Proxy"),
                    ]))
            }, Cluster.slice("web", [TestNode.pod(1)]),
        ]) { (node, services) async throws in
            #expect(try await node.outside.ask("198.51.100.1", 80).server == "pod1")
            #expect(try await node.pods[1].ask("198.51.100.1", 80).server == "pod1")
            #expect(try await node.pods[2].silence("198.51.100.1", 80) == .silence)
            #expect(try await node.pods[2].ask(TestNode.address, 30_080).server == "pod1")
            // In Proxy mode the address is not ours: outside has it and nobody listens there.
            try TestNode.shell("ip -n \(node.prefix)o addr add 198.51.100.2/32 dev lo")
            #expect(try await node.pods[1].ask("198.51.100.2", 80) == .refused)
            try await services.apply([
                Cluster.service("web", ["10.96.0.1"], nodePort: 30_080) {
                    $0.spec?.type = "LoadBalancer"
                    $0.spec?.loadBalancerSourceRanges = ["203.0.113.0/24"]
                    $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "198.51.100.1")]))
                }
            ])
            #expect(try await node.outside.silence("198.51.100.1", 80) == .silence)
        }
    }

    @Test func aClientKeepsItsEndpointUntilItIsGoneOrTimeIsUp() async throws {
        let sticky = { (timeout: Int32) in
            Cluster.service("web", ["10.96.0.1", "fd96::1"], nodePort: 30_080) {
                $0.spec?.sessionAffinity = "ClientIP"
                $0.spec?.sessionAffinityConfig = .init(clientIP: .init(timeoutSeconds: timeout))
            }
        }
        try await withServers([
            sticky(60), Cluster.slice("web", Self.allPods),
            Cluster.slice("web", [TestNode.pod6(2), TestNode.pod6(3)], family: "IPv6"),
        ]) { (node, services) async throws in
            let first = try await node.outside.ask(TestNode.address, 30_080, times: 20)
            #expect(first.count == 1)
            #expect(try await node.pods[0].ask("fd96::1", 80, times: 20).count == 1)
            // Its endpoint goes: another is chosen, and kept.
            let gone = try #require(first.first?.server?.last.flatMap { Int(String($0)) })
            try await services.apply([Cluster.slice("web", Self.allPods.filter { $0 != TestNode.pod(gone) })])
            let second = try await node.outside.ask(TestNode.address, 30_080, times: 20)
            #expect(second.count == 1)
            #expect(second != first)
            // One that comes back takes nobody away.
            try await services.apply([Cluster.slice("web", Self.allPods)])
            #expect(try await node.outside.ask(TestNode.address, 30_080, times: 20) == second)
            // After a second without a connection the choice is free again.
            try await services.apply([sticky(1)])
            var seen: Set<String> = []
            try await eventually("another endpoint after the timeout", every: .milliseconds(1100)) {
                if let server = try await node.outside.ask(TestNode.address, 30_080).server { seen.insert(server) }
                return seen.count > 1
            }
        }
    }

    @Test func aUDPClientFollowsWhenItsEndpointIsReplaced() async throws {
        try await withServers([
            Cluster.service("dns", ["10.96.0.53"], port: 53, nodePort: 30_053, protocol: "UDP"),
            Cluster.slice("dns", [TestNode.pod(1)], protocol: "UDP"),
        ]) { (node, services) async throws in
            let ask = { () async throws in
                try await node.outside.ask(TestNode.address, 30_053, udp: true, localPort: 40_000)
            }
            let askPod = { () async throws in try await node.pods[2].ask("10.96.0.53", 53, udp: true, localPort: 40_001)
            }
            #expect(try await ask().server == "pod1")
            #expect(try await askPod().server == "pod1")
            let report = try await services.apply([Cluster.slice("dns", [TestNode.pod(2)], protocol: "UDP")])
            #expect(report.deletedFlows == 2)
            #expect(try await ask().server == "pod2")
            #expect(try await askPod().server == "pod2")
            // Nothing to send to, then something: the flow of the time between is forgotten.
            try await services.apply([Cluster.slice("dns", [], protocol: "UDP")])
            #expect(try await askPod() == .refused)
            try await services.apply([Cluster.slice("dns", [TestNode.pod(1)], protocol: "UDP")])
            #expect(try await askPod().server == "pod1")
        }
    }

    @Test func anOpenConnectionSurvivesEveryChange() async throws {
        try await withServers([Cluster.service("web", ["10.96.0.1"]), Cluster.slice("web", [TestNode.pod(1)])]) {
            (node, services) async throws in
            let client = try await node.pods[2].run {
                try Client.open(.tcp, to: "10.96.0.1", 80, patience: .seconds(2)).get()
            }
            defer { client.end() }
            #expect(client.ask().server == "pod1")
            try await services.apply([Cluster.slice("web", [TestNode.pod(2)])])
            #expect(client.ask().server == "pod1")
            try await services.apply([.service(ServiceID(namespace: "default", name: "web"), nil)])
            #expect(client.ask().server == "pod1")
        }
    }

    @Test func aPodsPolicyEntryHoldsFromTheMomentItIsCommitted() async throws {
        try await withServers([Cluster.service("web", ["10.96.0.1"]), Cluster.slice("web", [TestNode.pod(1)])]) {
            (node, services) async throws in
            let pods = [try #require(IPAddress(TestNode.pod(1))), try #require(IPAddress(TestNode.pod6(1)))]
            try await services.setIsolation(.closed, pods: pods)
            #expect(try await node.pods[1].silence("10.96.0.1", 80) == .silence)
            #expect(try await node.pods[0].silence(TestNode.pod(2), 8080) == .silence)
            // The node itself always reaches its pods, as probes must.
            #expect(try await node.node.ask(TestNode.pod(1), 8080).server == "pod1")
            try await services.setIsolation(.init(ingress: .closed, egress: .open), pods: pods)
            #expect(try await node.pods[0].ask(TestNode.pod(2), 8080).server == "pod2")
            #expect(try await node.pods[1].silence(TestNode.pod(1), 8080) == .silence)
            try await services.setIsolation(.open, pods: pods)
            #expect(try await node.pods[1].ask("10.96.0.1", 80).server == "pod1")
            try await services.clearIsolation(pods: pods)
            #expect(await services.status.isolatedPods == 0)
        }
    }

    @Test func healthCheckNodePortsAnswerAsKubeProxyDoes() async throws {
        let service = Cluster.service("web", ["10.96.0.1"], nodePort: 30_080) {
            $0.spec?.type = "LoadBalancer"
            $0.spec?.externalTrafficPolicy = "Local"
            $0.spec?.healthCheckNodePort = 32_123
        }
        try await withServers([service, Cluster.slice("web", [TestNode.pod(1)], local: [TestNode.pod(1)])]) {
            (node, services) async throws in
            let probe = { try node.onNode("curl -s -i --max-time 3 http://\(TestNode.address):32123/") }
            let healthy = try probe()
            #expect(healthy.hasPrefix("HTTP/1.1 200"))
            #expect(healthy.contains("X-Load-Balancing-Endpoint-Weight: 1"))
            #expect(
                healthy.contains(
                    #"{"service":{"namespace":"default","name":"web"},"localEndpoints":1,"serviceProxyHealthy":true}"#))
            try await services.apply([Cluster.slice("web", [TestNode.pod(1)])])
            #expect(try probe().hasPrefix("HTTP/1.1 503"))
            services.health.proxyIs(healthy: false)
            #expect(try probe().contains(#""serviceProxyHealthy":false"#))
            try await services.apply([.service(ServiceID(namespace: "default", name: "web"), nil)])
            #expect(throws: CommandFailed.self) { try probe() }
        }
    }
}
