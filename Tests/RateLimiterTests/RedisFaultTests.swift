import NetTypes
import RedisClient
import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite(.enabled(if: Tool.redis.isWanted, "redis-server is not installed: run Scripts/install-tools test"))
struct RedisFaultTests {
    static func limiter(
        _ client: RedisClient, _ allowance: Allowance = Allowance(requests: 5, per: .day)
    ) throws -> RateLimiter {
        try RateLimiter.with(
            .named("open", Allowance(requests: 1000, per: .day)),
            .named("closed", allowance) { $0.whenLimiterFails = .deny }, counters: RedisCounters(client, logger: silent)
        )
    }

    @Test("gone: each limit does what it says, at once; back: counting goes on by itself")
    func gone() async throws {
        try await withRedis(["--appendonly", "yes", "--appendfsync", "always"]) { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let limiter = try Self.limiter(clients[0])
                #expect(await limiter.passed(.from("192.0.2.1"), of: 3) == 3)
                server.stop()
                try await eventually("the loss is noticed") { !clients[0].isReady }
                let started = ContinuousClock.now
                for _ in 0..<500 {
                    let decision = await limiter.decide(.from("192.0.2.1"))
                    #expect(decision.outcomes == ["open": .error, "closed": .error] && decision.isLimiterFailure)
                }
                #expect(ContinuousClock.now - started < .seconds(2))
                try await server.start()
                try await eventually("it counts again") {
                    await limiter.decide(.from("192.0.2.9")).outcomes["open"] == .allowed
                }
                // Written to disk, so a restart has freed nobody.
                #expect(await limiter.passed(.from("192.0.2.1"), of: 5) == 2)
            }
        }
    }

    @Test("restarted without persistence: counters begin anew, and the script is brought again")
    func forgotten() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let limiter = try Self.limiter(clients[0])
                #expect(await limiter.passed(.from("192.0.2.1"), of: 9) == 5)
                server.stop()
                try await eventually("the loss is noticed") { !clients[0].isReady }
                try await server.start()
                try await eventually("it is connected again") { clients[0].isReady }
                #expect(await limiter.passed(.from("192.0.2.1"), of: 9) == 5)
                _ = try await clients[0].send(RedisCommand("SCRIPT", "FLUSH"))
                #expect(await limiter.decide(.from("192.0.2.2")).isAllowed)
            }
        }
    }

    @Test("slow: a request waits no longer than the timeout, however many come")
    func slow() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server, timeout: .milliseconds(200))) { clients in
                let limiter = try Self.limiter(clients[0], Allowance(requests: 100_000, per: .day))
                #expect(await limiter.decide(.from("192.0.2.1")).isAllowed)
                server.pause()
                defer { server.resume() }
                let longest = await withTaskGroup(of: Duration.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            let started = ContinuousClock.now
                            let decision = await limiter.decide(.from("192.0.2.1"))
                            #expect(decision.isLimiterFailure)
                            return ContinuousClock.now - started
                        }
                    }
                    return await group.reduce(.zero) { max($0, $1) }
                }
                #expect(longest < .seconds(2))
                server.resume()
                try await eventually("it counts again") { await limiter.decide(.from("192.0.2.1")).isAllowed }
            }
        }
    }

    @Test("full: told as such, and each limit does what it says")
    func full() async throws {
        try await withRedis(["--maxmemory", "1kb", "--maxmemory-policy", "noeviction"]) { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let limiter = try Self.limiter(clients[0])
                let decision = await limiter.decide(.from("192.0.2.1"))
                #expect(decision.parts.map(\.failure) == [.full, .full])
                #expect(!decision.isAllowed)
                _ = try await clients[0].send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
                #expect(await limiter.decide(.from("192.0.2.1")).isAllowed)
            }
        }
    }

    @Test("failing over: the sentinels' new master is found, and counts what was replicated")
    func sentinels() async throws {
        try await withTemporaryDirectory { folder in
            let master = try RedisProcess(folder: folder, arguments: ["--requirepass", "p", "--masterauth", "p"])
            let replica = try RedisProcess(
                folder: folder,
                arguments: ["--requirepass", "p", "--masterauth", "p", "--replicaof", "127.0.0.1 \(master.port)"])
            let sentinel = try RedisProcess(
                folder: folder, isSentinel: true,
                arguments: [
                    "--requirepass", "s", "--sentinel monitor", "limits", "127.0.0.1", "\(master.port)", "1",
                    "--sentinel auth-pass", "limits", "p", "--sentinel down-after-milliseconds", "limits", "300",
                    "--sentinel failover-timeout", "limits", "2000",
                ])
            let processes = [master, replica, sentinel]
            for process in processes { try await process.start() }
            defer { for process in processes { process.stop() } }
            let url =
                "redis+sentinel://:p@127.0.0.1:\(try freePort()),127.0.0.1:\(sentinel.port)/limits?sentinel-password=s"
            var configuration = try RedisConfiguration(url: url)
            configuration.timeout = .seconds(1)
            try await withClients(1, configuration) { clients in
                let limiter = try Self.limiter(clients[0])
                #expect(await limiter.passed(.from("192.0.2.1"), of: 3) == 3)
                try await eventually("the replica has what the master has, and the sentinel knows the replica") {
                    let info = try await RedisCountersTests.info("replication", clients[0])
                    guard try await clients[0].send(RedisCommand("WAIT", "1", "100")).int == 1 else { return false }
                    return info["connected_slaves"] == "1"
                        && sentinel.log.contains("+slave slave 127.0.0.1:\(replica.port)")
                }
                master.stop()
                try await eventually("the new master counts", within: .seconds(40)) {
                    await limiter.decide(.from("192.0.2.9")).outcomes["closed"] == .allowed
                }
                #expect(await limiter.passed(.from("192.0.2.1"), of: 5) == 2)
                // The old master comes back, believes it is one, and is not believed.
                try await master.start()
                #expect(await limiter.passed(.from("192.0.2.1"), of: 5) == 0)
            }
        }
    }
}
