import Foundation
import NIOHTTP1
import NetTypes
import RateLimitService
import TestSupport
import Testing
import TrafficPlan

/// What happens when nobody counts: what each limit says.
@Suite(.serialized, .timeLimit(.minutes(3)), .enabled(if: Tool.envoy.isWanted, "Envoy is not installed"))
struct `A failing limiter` {
    @Test func `a limiter that is gone lets pass or denies, as each limit says`() async throws {
        try await LimitRig.run { rig in
            try await rig.serve([.sample("open", 0)], on: "open.example")
            try await rig.serve([.sample("closed", 100, whenLimiterFails: .deny)], on: "closed.example")
            try await rig.serve(
                [.sample("open", 100), .sample("shut", 100, whenLimiterFails: .deny)], on: "both.example")
            try await rig.serve([.sample("own", 1, scope: .perProxy)], on: "own.example")
            #expect(try await rig.get(host: "open.example").status == 429)
            #expect(try await rig.get(host: "closed.example").status == 200)
            #expect(try await rig.get(host: "both.example").status == 200)
            rig.server.beginGracefulShutdown()
            try await eventually("the open limit lets pass") { try await rig.get(host: "open.example").status == 200 }
            for host in ["closed.example", "both.example"] {
                let refused = try await rig.get(host: host)
                #expect(refused.status == 503)
                #expect(refused.body == "this request cannot be checked against its limits now\n")
            }
            #expect(try await rig.statuses(2, host: "own.example") == [200, 429])
        }
    }

    @Test func `a set that the limiter has never heard of is a failing limiter`() async throws {
        try await LimitRig.run { rig in
            let id = try await rig.serve([.sample("closed", 100, whenLimiterFails: .deny)])
            #expect(try await rig.get().status == 200)
            rig.sets.replaceAll(with: [:])
            // It stays for a while: the proxy has not been told of another.
            #expect(try await rig.get().status == 200)
            #expect(id != nil)
        }
    }
}
