import KubernetesModel
import NetTypes
import Netlink
import Synchronization
import TestSupport
import Testing

@testable import PodNetwork

@Suite(.enabled(if: NetworkAbility.isWanted)) struct LoadTests {
    @Test func ahundredPodsComeAndGoAtOnce() async throws {
        try await TestNode.with { node in
            let pods = (0..<100).map { "p\($0)" }
            for pod in pods { _ = try node.makePod(pod) }
            let added = try await withThrowingTaskGroup(of: AddedPod.self) { group in
                for pod in pods { group.addTask { try await node.add(pod) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(added.flatMap(\.addresses)).count == 200)
            #expect(try node.podLinks().count == 100)
            let server = try Traffic.Server(in: try TestNode.folder.open("\(node.name)-p99"), .v6)
            let last = try #require(node.agent.attachments().first { $0.key == key("p99") })
            #expect(
                try Traffic.ask(last.addresses[1], server.port, from: try TestNode.folder.open("\(node.name)-p0"))
                    != nil)
            await withTaskGroup(of: Void.self) { group in
                for pod in pods { group.addTask { _ = await node.call("DEL", pod) } }
            }
            try await node.expectEmpty()
        }
    }

    @Test func aFullPoolSaysSoAndServesAgainWhenAPodHasGone() async throws {
        try await TestNode.with(pools: ["10.9.9.0/29"]) { node in
            for index in 0..<6 { _ = try node.makePod("p\(index)") }
            for index in 0..<5 { try await node.add("p\(index)") }
            #expect(try await node.code("ADD", "p5") == CNIError.Code.notAvailable.rawValue)
            #expect(try await node.code("STATUS", "") == 0)
            #expect(try await node.code("DEL", "p2") == 0)
            // Its link is still being deleted: ADD waits for that rather than fail.
            let freed = try address("10.9.9.4")
            #expect(try await node.add("p5").addresses == [freed])
        }
    }

    @Test func aDeleteThatOvertakesItsAddWaitsForIt() async throws {
        // ADD is made slow, so that DEL meets it half done; nothing is waited for by the clock.
        try await TestNode.with(
            afterStep: { step, _ in if step == .pairMade { try await Task.sleep(for: .milliseconds(50)) } }
        ) { node in
            _ = try node.makePod("a")
            async let added = node.call("ADD", "a")
            try await eventually("the pair is made") { try !node.podLinks().isEmpty }
            #expect(try await node.code("DEL", "a") == 0)
            #expect(await added.exitCode == 0)
            try await node.expectEmpty()
        }
    }

    @Test func theSameContainerCanComeAgainAtOnce() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            for _ in 0..<5 {
                try await node.add("a")
                #expect(try await node.code("DEL", "a") == 0)
            }
            try await node.expectEmpty()
        }
    }

    @Test func randomLivesOfPodsLeakNothing() async throws {
        try await TestNode.with(pools: ["10.9.0.0/27", "fd00:9::/64"]) { node in
            var random = SeededGenerator(seed: 77)
            for pod in 0..<8 { _ = try node.makePod("p\(pod)") }
            for step in 0..<150 {
                let pod = "p\(Int.random(in: 0..<8, using: &random))"
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5: _ = await node.call("ADD", pod)
                case 5..<9: _ = await node.call("DEL", pod)
                default: await node.agent.collect()
                }
                guard step % 10 == 0 else { continue }
                let held = node.agent.addresses().map(\.address)
                #expect(Set(held).count == held.count)
            }
            for pod in 0..<8 { _ = await node.call("DEL", "p\(pod)") }
            try await node.expectEmpty()
        }
    }

    @Test func newPodCIDRsAreUsedFromThenOnAndOldPodsKeepTheirs() async throws {
        try await TestNode.with(pools: ["10.9.0.0/24"]) { node in
            for pod in ["a", "b"] { _ = try node.makePod(pod) }
            let old = try await node.add("a")
            node.agent.setPools([try prefix("10.10.0.0/24")])
            #expect(try await node.add("b").addresses == [.v4(10, 10, 0, 2)])
            #expect(try await node.code("CHECK", "a", configuration: ["prevResult": old.result]) == 0)
            #expect(node.agent.addresses().map(\.isOutsidePools) == [true, false])
            #expect(node.agent.addresses()[0].reason.contains("outside of the node's pod CIDRs"))
        }
    }

    @Test func thePodIsAdmittedBeforeItsInterfaceIsMadeAndDismissedAfterItsLinkIsGone() async throws {
        let admission = RecordingAdmission()
        try await TestNode.with(admission: admission) { node in
            admission.probe.withLock { $0 = { (try? node.podLinks().count) ?? -1 } }
            _ = try node.makePod("a")
            try await node.add("a")
            #expect(try await node.code("DEL", "a") == 0)
            try await node.expectEmpty()
            #expect(admission.events.withLock { $0 } == ["admit with 0 links", "dismiss with 0 links"])
            admission.refuses.withLock { $0 = true }
            #expect(try await node.code("ADD", "a") == CNIError.Code.kernelRefused.rawValue)
            try await node.expectEmpty()
        }
    }

    @Test(.enabled(if: Tool.tc.isWanted)) func bandwidthIsLimited() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            let limits: JSONValue = [
                "runtimeConfig": [
                    "bandwidth": [
                        "ingressRate": 8_000_000, "ingressBurst": 80_000, "egressRate": 4_000_000,
                        "egressBurst": 80_000,
                    ]
                ]
            ]
            try await node.add("a", configuration: limits)
            let host = try Program.run(
                Tool.tc, ["qdisc", "show", "dev", PodLink(key("a")).hostName], in: node.namespace)
            #expect(host.contains("tbf") && host.contains("rate 8Mbit"))
            let inside = try Program.run(Tool.tc, ["qdisc", "show", "dev", "eth0"], in: pod)
            #expect(inside.contains("tbf") && inside.contains("rate 4Mbit"))
        }
    }
}

/// Notes when it is called, and what the kernel had then.
private final class RecordingAdmission: PodAdmission {
    let events = Mutex<[String]>([])
    let refuses = Mutex(false)
    let probe = Mutex<@Sendable () -> Int>({ -1 })

    struct Refused: Error {}

    func admit(_ attachment: PodAttachment) async throws {
        if refuses.withLock({ $0 }) { throw Refused() }
        note("admit")
    }

    func dismiss(_ attachment: PodAttachment) async { if !refuses.withLock({ $0 }) { note("dismiss") } }
    func restore(_ attachments: [PodAttachment]) async throws {}

    private func note(_ what: String) {
        let probe = probe.withLock { $0 }
        events.withLock { $0.append("\(what) with \(probe()) links") }
    }
}
