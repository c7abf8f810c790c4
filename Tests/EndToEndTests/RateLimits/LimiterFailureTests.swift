import Foundation
import Logging
import NIOHTTP1
import NetTypes
import RateLimitService
import RateLimiter
import RedisClient
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
                [.sample("ajar", 100), .sample("shut", 100, whenLimiterFails: .deny)], on: "both.example")
            try await rig.serve([.sample("own", 1, scope: .perProxy)], on: "own.example")
            #expect(try await rig.get(host: "open.example").status == 429)
            #expect(try await rig.get(host: "closed.example").status == 200)
            #expect(try await rig.get(host: "both.example").status == 200)
            rig.limiters[0].stop()
            try await eventually("the open limit lets pass") { try await rig.get(host: "open.example").status == 200 }
            for host in ["closed.example", "both.example"] {
                let refused = try await rig.get(host: host)
                #expect(refused.status == 503)
                #expect(refused.body == "this request cannot be checked against its limits now\n")
            }
            #expect(try await rig.statuses(2, host: "own.example") == [200, 429])
        }
    }

    @Test(.enabled(if: Tool.redis.isWanted, "redis-server is not installed"))
    func `two limiters share one Redis: exact over two proxies, and Redis gone is a failing limiter`() async throws {
        try await withTemporaryDirectory { folder in
            let redis = try RedisProcess(folder: folder)
            try await redis.start()
            defer { redis.stop() }
            let quiet = Logger(label: "redis") { _ in Logging.SwiftLogNoOpLogHandler() }
            let clients = try (0..<2).map { _ in
                try RedisClient(RedisConfiguration(url: "redis://127.0.0.1:\(redis.port)"), logger: quiet)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in clients { group.addTask { await client.run() } }
                try await eventually("Redis is connected") { clients.allSatisfy(\.isReady) }
                let counters = clients.map { RedisCounters($0, logger: quiet) }
                try await LimitRig.run(LimitRig.Options(proxies: 2, counters: counters)) { rig in
                    try await rig.serve([.sample("shared", 120)])
                    #expect(try await rig.passed(480) == 120)
                    try await rig.serve([.sample("open", 0)], on: "open.example")
                    try await rig.serve([.sample("closed", 9, whenLimiterFails: .deny)], on: "closed.example")
                    #expect(try await rig.get(host: "open.example").status == 429)
                    redis.stop()
                    try await eventually("the open limit lets pass") {
                        try await rig.get(host: "open.example").status == 200
                    }
                    let refused = try await rig.get(host: "closed.example")
                    #expect(refused.status == 503)
                    #expect(refused.body == "this request cannot be checked against its limits now\n")
                }
                group.cancelAll()
            }
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
