import Foundation
import KubernetesModel
import NetTypes
import Netlink
import ServiceRules
import TestSupport
import Testing

@testable import NodeAgent

/// Our tables beside others, after a restart, and against other hands.
@Suite(
    .enabled(if: NetworkAbility.isWanted, "needs root, to make network namespaces"), .serialized,
    .timeLimit(.minutes(2)))
struct ServiceTableTests {
    typealias Cluster = ClusterObjects

    static let objects = [
        Cluster.node, Cluster.service("web", ["10.96.0.1", "fd96::1"], nodePort: 30_080),
        Cluster.slice("web", [TestNode.pod(1), TestNode.pod(2)], local: [TestNode.pod(1)]),
        Cluster.service("sticky", ["10.96.0.2", "fd96::2"], nodePort: 30_081) {
            $0.spec?.sessionAffinity = "ClientIP"
            $0.spec?.externalTrafficPolicy = "Local"
        },
        Cluster.slice("sticky", [TestNode.pod(1), TestNode.pod(2)], local: [TestNode.pod(1)]),
        Cluster.slice("sticky", [TestNode.pod6(1)], local: [TestNode.pod6(1)], family: "IPv6"),
        Cluster.service("empty", ["10.96.0.3"]),
        Cluster.service("sctp", ["10.96.0.4"], protocol: "SCTP"),
        Cluster.slice("sctp", [TestNode.pod(1)], protocol: "SCTP"),
        Cluster.service("lb", ["10.96.0.5"]) {
            $0.spec?.type = "LoadBalancer"
            $0.spec?.loadBalancerSourceRanges = ["192.168.77.0/24", "0.0.0.0/1"]
            $0.status = .init(loadBalancer: .init(ingress: [.init(ip: "198.51.100.1")]))
        }, Cluster.slice("lb", [TestNode.pod(1)]),
    ]

    @Test func nftReadsTheWholeRuleset() async throws {
        try await TestNode.with(pods: 1) { node in
            let services = try await node.programmer()
            try await services.apply(Self.objects + [.serviceRanges([try #require(IPPrefix("10.96.0.0/16"))])])
            let text = try node.onNode("nft list ruleset")
            for expected in [
                #"10.96.0.1 . tcp . 80 comment "default/web""#, "chain external-2 {", "chain internal-1-sticky-10800 {",
                "10.96.0.4 . sctp . 80 . 0x00000000 : 10.244.1.11 . 8080", "elements = { 10.96.0.0/16 }",
                "198.51.100.1 . tcp . 80 . 192.168.77.0/24", "masquerade fully-random",
                #"comment "a ClusterIP is for this cluster only""#,
            ] { #expect(text.contains(expected), "no \(expected) in \(text)") }
        }
    }

    @Test func whatIsReadBackIsWhatWasWritten() async throws {
        try await TestNode.with(pods: 1) { node in
            let services = try await node.programmer()
            try await services.apply(Self.objects + [.serviceRanges([try #require(IPPrefix("255.0.0.0/8"))])])
            #expect(try await services.isKernelTrue)
            let again = try await services.resync()
            #expect(again.added + again.removed == 0)
        }
    }

    @Test func aRestartKeepsTheRulesAndTouchesNothing() async throws {
        try await TestNode.with(pods: 2) { node in
            let server = try await NamedServer("pod1", in: node.pods[0])
            var services: ServiceProgrammer? = try await node.programmer()
            let pod = try #require(IPAddress(TestNode.pod(1)))
            try await services?.apply(Self.objects)
            try await services?.setIsolation(.open, pods: [pod])
            let before = try node.onNode("nft list ruleset")
            // As after kill -9: nothing is cleaned up, and the socket that owns the tables is closed.
            services = nil
            #expect(try await node.pods[1].ask("198.51.100.1", 80).server == "pod1")
            let next = try await node.programmer()
            let report = try await next.apply(Self.objects.reversed())
            #expect(report.added == 0 && report.removed == 0)
            #expect(await next.isolation(of: pod) == .open)
            let strip = { (text: String) in
                text.split(separator: "\n").filter { !$0.contains("expires") && !$0.contains("progname") }.sorted()
            }
            #expect(strip(try node.onNode("nft list ruleset")) == strip(before))
            await server.stop()
        }
    }

    @Test func changesDuringAnAbsenceAreMendedByTheFirstApply() async throws {
        try await TestNode.with(pods: 1) { node in
            var services: ServiceProgrammer? = try await node.programmer()
            try await services?.apply(Self.objects)
            services = nil
            // Nobody owns the tables now.
            try node.onNode("nft delete element ip fairway services '{ 10.96.0.1 . tcp . 80 }'")
            try node.onNode("nft add element ip fairway hairpins '{ 1.2.3.4 . 5.6.7.8 }'")
            let next = try await node.programmer()
            let without = try await next.apply(
                Self.objects.filter { change in
                    if case .service(let id, _) = change { id.name != "sctp" } else { true }
                })
            #expect(without.added == 1)
            // sctp's ClusterIP, front and endpoint, and the stranger.
            #expect(without.removed == 4)
        }
    }

    @Test func aTableOfAnotherLayoutIsReplacedInOneCommitAndKeepsPodsApart() async throws {
        try await TestNode.with(pods: 2) { node in
            try node.onNode("nft add table ip fairway '{ comment \"Fairway: Services, layout 0\"; }'")
            try node.onNode("nft add map ip fairway pod-ingress '{ type ipv4_addr : verdict; }'")
            try node.onNode("nft add element ip fairway pod-ingress '{ \(TestNode.pod(1)) : drop }'")
            let services = try await node.programmer()
            try await services.apply(Self.objects)
            #expect(try await services.isKernelTrue)
            let pod = try #require(IPAddress(TestNode.pod(1)))
            #expect(await services.isolation(of: pod)?.ingress == .closed)
            #expect(try node.onNode("nft list table ip fairway").contains("\(TestNode.pod(1)) : drop"))
        }
    }

    @Test func othersCannotTouchOwnedTablesAndOursLeaveOthersAlone() async throws {
        try await TestNode.with(pods: 1) { node in
            try node.onNode("nft add table inet mine '{ set s { type ipv4_addr; }; }'")
            let services = try await node.programmer()
            try await services.apply(Self.objects)
            try #require(await services.isOwner)
            for attempt in ["delete table ip fairway", "flush table ip6 fairway", "add chain ip fairway intruder"] {
                #expect(throws: CommandFailed.self) { try node.onNode("nft \(attempt)") }
            }
            try node.onNode("nft flush ruleset")
            #expect(try await services.isKernelTrue)
            try node.onNode("nft add table inet mine")
        }
    }

    @Test func cleanUpRemovesOurTablesOnly() async throws {
        try await TestNode.with(pods: 1) { node in
            try node.onNode("nft add table inet mine")
            var services: ServiceProgrammer? = try await node.programmer()
            try await services?.apply(Self.objects)
            services = nil
            #expect(try ServiceProgrammer.cleanUp(in: node.node) == ["ip fairway", "ip6 fairway"])
            #expect(try node.onNode("nft list tables") == "table inet mine\n")
            #expect(try ServiceProgrammer.cleanUp(in: node.node).isEmpty)
        }
    }

    @Test func whereTheKernelCannotProtectTablesForeignChangesAreMendedAtOnce() async throws {
        try await TestNode.with(pods: 1) { node in
            let services = try await node.programmer(ownsTables: false)
            try await services.apply(Self.objects)
            let watch = try await DriftGuard(services, logger: .quiet)
            let drifts = Drifts()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await watch.run { await drifts.add($0) } }
                for attack in [
                    "delete element ip fairway services { 10.96.0.1 . tcp . 80 }", "flush map ip fairway endpoints",
                    "add rule ip fairway services drop", "flush chain ip fairway services", "delete table ip6 fairway",
                    "flush ruleset",
                ] {
                    let before = await drifts.all.count
                    try node.onNode("nft '\(attack)'")
                    try await eventually("mended after \(attack)") { await drifts.all.count > before }
                    let drift = try #require(await drifts.all.last)
                    #expect(drift.processName == "nft")
                    #expect(drift.duration < .milliseconds(500))
                    #expect(try await services.isKernelTrue, "after \(attack)")
                }
                // Other tables are no business of ours.
                let before = await drifts.all.count
                try node.onNode("nft add table inet other")
                try await services.apply([Cluster.service("more", ["10.96.0.77"])])
                #expect(await drifts.all.count == before)
                group.cancelAll()
            }
        }
    }

    @Test func aCommitThatMeetsForeignElementsLooksAtEverything() async throws {
        try await TestNode.with(pods: 1) { node in
            let services = try await node.programmer(ownsTables: false)
            try await services.apply(Self.objects)
            try node.onNode("nft add element ip fairway services '{ 10.96.0.77 . tcp . 80 : 1:1 }'")
            let report = try await services.apply([
                Cluster.service("more", ["10.96.0.77"]), Cluster.slice("more", [TestNode.pod(1)]),
            ])
            #expect(report.removed == 1)
            #expect(try await services.isKernelTrue)
        }
    }

    @Test(arguments: [
        "add table ip kube-proxy", "add table ip nat '{ chain KUBE-SERVICES { }; }'",
    ]) func aKubeProxyAtWorkIsNotFought(_ trace: String) async throws {
        try await TestNode.with(pods: 1) { node in
            try node.onNode("nft \(trace)")
            let error = await #expect(throws: RivalProxy.self) { try await node.programmer() }
            #expect(error?.description.contains("kube-proxy") == true)
            let tables = try node.onNode("nft list tables")
            #expect(!tables.contains("fairway"))
        }
    }

    @Test func aThousandEndpointsAndAsManySlotsStayUntouched() async throws {
        try await TestNode.with(pods: 1) { node in
            let services = try await node.programmer()
            let many = (0..<1000).map { "10.244.\($0 / 250 + 2).\($0 % 250 + 1)" }
            try await services.apply([Cluster.node, Cluster.service("web", ["10.96.0.1"]), Cluster.slice("web", many)])
            let report = try await services.apply([Cluster.slice("web", many.dropFirst() + ["10.244.9.9"])])
            #expect(report.added == 1 && report.removed == 1)
        }
    }

    @Test func anExplanationTellsElementEndpointsMasqueradeAndRoute() async throws {
        try await TestNode.with(pods: 2) { node in
            let services = try await node.programmer()
            try await services.apply(Self.objects)
            let front = FrontKey(address: try #require(IPAddress("10.96.0.1")), protocol: .tcp, port: 80)
            let pod = try #require(IPAddress(TestNode.pod(2)))
            let fromPod = try await services.explain(from: pod, to: front)
            #expect(fromPod.kernelAgrees == true)
            let text = fromPod.lines.joined(separator: "\n")
            for expected in [
                "a pod, in 10.244.1.0/24", "element of ip fairway services: 10.96.0.1:80/TCP → chain internal-2",
                "for Service default/web (ClusterIP)", "one of 2 endpoints", "10.244.1.11:8080 dev pod1",
                "10.244.1.12:8080 dev pod2, masqueraded, since it is the client itself", "sees the client's address",
            ] { #expect(text.contains(expected), "no \(expected) in \(text)") }
            let outside = try await services.explain(from: try #require(IPAddress(TestNode.client)), to: front)
            #expect(outside.lines.last?.contains("for this cluster's nodes and pods only") == true)
            let own = try await services.explain(from: try #require(IPAddress(TestNode.address)), to: front)
            #expect(own.lines.contains { $0.contains("masquerade") })
        }
    }
}

private actor Drifts {
    private(set) var all: [ServiceDrift] = []
    func add(_ drift: ServiceDrift) { all.append(drift) }
}
