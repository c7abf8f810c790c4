import DiscoveryProtocol
import Foundation
import NIOHTTP1
import NetTypes
import TestSupport
import Testing
import TrafficPlan

/// Limits come, change and go while connections are open.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
struct `Changing limits` {
    @Test func `attaching, editing and removing limits changes no listener and cuts no connection`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([])
            let port = rig.proxies[0].port
            let before = await rig.proxies[0].feed.changes.count
            try await WebSocketConnection.open(port: port, host: LimitRig.host) { socket in
                try await HTTPConnection.open(port: port) { stream in
                    try await stream.begin("GET", "/sse?count=1000&interval=10ms", host: LimitRig.host)
                    try await stream.end()
                    #expect(try await stream.nextPart() != nil)
                    let answer = LimitAnswer(status: 418, body: "no")
                    let plans: [[RateLimit]] = [
                        [.sample("one", 5)], [.sample("one", 7, answer: answer), .sample("two", 9, scope: .perProxy)],
                        [.sample("two", 9, cost: .responseHeader(HeaderCost(name: "x-cost")), whenLimiterFails: .deny)],
                        [],
                    ]
                    for (round, limits) in plans.enumerated() {
                        try await rig.serve(limits)
                        #expect(try await socket.echo("round \(round)") == "round \(round)")
                        for _ in 0..<3 { #expect(try await stream.nextPart() != nil) }
                    }
                }
            }
            let changes = await rig.proxies[0].feed.changes.dropFirst(before)
            #expect(changes.count == 4)
            #expect(changes.allSatisfy { $0.upserts.isEmpty && $0.removals.isEmpty })
        }
    }

    @Test func `an edit loses no count`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("all", 4)])
            #expect(try await rig.statuses(3) == [200, 200, 200])
            try await rig.serve([.sample("all", 4), .sample("more", 100)])
            #expect(try await rig.statuses(2) == [200, 429])
        }
    }
}
