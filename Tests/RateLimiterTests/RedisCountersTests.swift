import Foundation
import NetTypes
import RedisClient
import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite(.enabled(if: Tool.redis.isWanted, "redis-server is not installed: run Scripts/install-tools test"))
struct RedisCountersTests {
    @Test("many limiters and clients at once: what passes is the allowance, not one more and not one less")
    func exact() async throws {
        try await withRedis { server in
            try await withClients(4, RedisConfiguration(server, timeout: .seconds(10))) { clients in
                let limiters = try clients.map { client in
                    try RateLimiter.with(
                        .named("all", Allowance(requests: 300, per: .month), key: []),
                        .named("each", Allowance(requests: 120, per: .month)),
                        counters: RedisCounters(client, logger: silent))
                }
                let passed = await withTaskGroup(of: (Int, Int).self) { group in
                    for task in 0..<32 {
                        let request = LimitedRequest.from("192.0.2.\(task % 3)")
                        group.addTask { (task % 3, await limiters[task % 4].passed(request, of: 40)) }
                    }
                    return await group.reduce(into: [0, 0, 0]) { $0[$1.0] += $1.1 }
                }
                #expect(passed.reduce(0, +) == 300)
                #expect(passed.allSatisfy { $0 <= 120 })
                // One round trip, and no more, for a request and all its limits.
                let calls = { try await Self.info("commandstats", clients[0])["cmdstat_evalsha"] ?? "" }
                let before = try await calls()
                for _ in 0..<10 { _ = await limiters[0].decide(.from("192.0.2.1")) }
                #expect(Self.calls(try await calls()) == Self.calls(before) + 10)
            }
        }
    }

    static func info(_ section: String, _ client: RedisClient) async throws -> [Substring: Substring] {
        let text = try await client.send(RedisCommand("INFO", section)).text ?? ""
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, Substring)? in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
        return Dictionary(pairs) { $1 }
    }

    static func calls(_ text: Substring) -> Int { Int(text.dropFirst("calls=".count).prefix { $0 != "," }) ?? 0 }

    /// The script and the pure function are two writings of one algorithm.
    @Test(
        "the script decides as GCRA does, over random allowances, costs and histories",
        arguments: 0..<6 as Range<UInt64>)
    func equalsGCRA(seed: UInt64) async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                var random = SeededGenerator(seed: seed)
                let numbers: [Int64] = [1, 2, 3, 7, 10, 1000, 999_999_937, 1_000_000_000]
                for number in 0..<40 {
                    let allowance = Allowance(
                        requests: numbers.randomElement(using: &random)!,
                        per: Allowance.Period.allCases.randomElement(using: &random)!,
                        burst: numbers.randomElement(using: &random)!)
                    let rate = TokenRate(allowance, ticksPerSecond: 1_000_000)
                    var arrival: GCRA.Arrival?
                    for _ in 0..<12 {
                        let cost = Int64.random(in: 0...max(1, rate.burst / 3), using: &random)
                        let verb: CounterScript.Verb = Int.random(in: 0..<5, using: &random) == 0 ? .charge : .take
                        let call = ScriptCall(entries: [
                            ScriptEntry(key: "k\(number)", verb: verb, rate: rate, cost: cost)
                        ])
                        let reading = try await call.run(on: clients[0])[0]
                        let before = max(arrival ?? reading.arrival, GCRA.Arrival(ticks: reading.now, fraction: 0))
                        #expect(reading.arrival == before, "\(allowance)")
                        if verb == .charge {
                            arrival = GCRA.charge(arrival: before, now: reading.now, rate: rate, cost: cost)
                        } else {
                            let verdict = GCRA.decide(arrival: before, now: reading.now, rate: rate, cost: cost)
                            #expect(verdict.isAllowed == reading.passes, "\(allowance) cost \(cost)")
                            arrival = verdict.arrival
                        }
                    }
                }
            }
        }
    }

    @Test("shadow limits, exemptions, costs, lifting and edits are as in memory")
    func asInMemory() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let counters = RedisCounters(clients[0], logger: silent)
                let limiter = try RateLimiter.with(
                    .named("tight", Allowance(requests: 2, per: .day)),
                    .named("shadow", Allowance(requests: 1, per: .day)) { $0.mode = .shadow },
                    .named("result", Allowance(requests: 100, per: .day)) {
                        $0.cost = .responseHeader(.init(name: "x"))
                    },
                    counters: counters)
                #expect(await limiter.decide(.from("192.0.2.1")).outcomes["shadow"] == .allowed)
                #expect(await limiter.decide(.from("192.0.2.1")).outcomes["shadow"] == .shadowed)
                #expect(await !limiter.decide(.from("192.0.2.1")).isAllowed)
                try await limiter.charge(.from("192.0.2.1"), by: LimitSetID("set")) { _ in 130 }
                let name = RateLimitName(namespace: "shop", policy: "policy", limit: "tight")
                #expect(try await limiter.lift(name, values: ["192.0.2.1"]) == 1)
                #expect(try await limiter.lift(name, values: ["192.0.2.1"]) == 0)
                let refused = await limiter.decide(.from("192.0.2.1"))
                #expect(refused.deciding?.definition.name.limit == "result")
                #expect(refused.deciding?.budget?.remaining == -30)
                #expect(refused.parts.first { $0.definition.name.limit == "tight" }?.budget?.remaining == 2)

                // Another allowance: as many tokens are missing as before.
                let set = { (allowance: Allowance) in LimitSet(limits: [.named("edited", allowance)]) }
                try limiter.install(set(Allowance(requests: 10, per: .day)), as: LimitSetID("set"))
                #expect(await limiter.passed(.from("192.0.2.1"), of: 6) == 6)
                try limiter.install(set(Allowance(requests: 20, per: .month, burst: 8)), as: LimitSetID("set"))
                #expect(await limiter.passed(.from("192.0.2.1"), of: 6) == 2)
            }
        }
    }

    @Test("a key lives no longer than its bucket needs to fill")
    func expiry() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let limiter = try RateLimiter.with(
                    .named("a", Allowance(requests: 10, per: .second)),
                    counters: RedisCounters(clients[0], logger: silent))
                #expect(await limiter.passed(.from("192.0.2.1"), of: 3) >= 3)
                try await eventually("the key is gone") { try await clients[0].send(RedisCommand("DBSIZE")).int == 0 }
            }
        }
    }

    @Test("a server's clock that was set back makes nobody wait for the difference; one set forward frees one burst")
    func clockSteps() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let rate = TokenRate(Allowance(requests: 10, per: .hour), ticksPerSecond: 1_000_000)
                func run(_ cost: Int64) async throws -> ScriptReading {
                    try await ScriptCall(entries: [.init(key: "k", verb: .take, rate: rate, cost: cost)]).run(
                        on: clients[0])[0]
                }
                _ = try await run(10)
                // What the server would find, had its clock been a day ahead when it wrote this.
                let kept = try await clients[0].send(RedisCommand("GET", "k")).text ?? ""
                var words = kept.split(separator: " ").map(String.init)
                let day: Int64 = 86_400_000_000
                words[0] = String(try #require(Int64(words[0])) + day)
                words[5] = String(try #require(Int64(words[5])) + day)
                _ = try await clients[0].send(RedisCommand("SET", "k", words.joined(separator: " ")))
                let back = try await run(1)
                #expect(!back.passes)
                #expect(back.arrival.ticks - back.now <= 3_600_000_000)
                // And a day behind.
                words[0] = String(try #require(Int64(words[0])) - 2 * day)
                words[5] = String(try #require(Int64(words[5])) - 2 * day)
                _ = try await clients[0].send(RedisCommand("SET", "k", words.joined(separator: " ")))
                #expect(try await run(10).passes)
                #expect(try await !run(1).passes)
            }
        }
    }

    @Test("a value that somebody else wrote into a counter is taken for none")
    func strangeValues() async throws {
        try await withRedis { server in
            try await withClients(1, RedisConfiguration(server)) { clients in
                let rate = TokenRate(Allowance(requests: 10, per: .hour), ticksPerSecond: 1_000_000)
                for text in ["", "x", "1 2 3", "-1 0 1 1 1 1", String(repeating: "9", count: 400) + " 0 1 1 1 1"] {
                    _ = try await clients[0].send(RedisCommand("SET", "k", text))
                    let call = ScriptCall(entries: [.init(key: "k", verb: .take, rate: rate, cost: 1)])
                    _ = try? await call.run(on: clients[0])
                    #expect(try await clients[0].send(RedisCommand("PING")).text == "PONG")
                }
                // A list is no counter: the failure is told, not a decision.
                _ = try await clients[0].send(RedisCommand("DEL", "k"))
                _ = try await clients[0].send(RedisCommand("LPUSH", "k", "x"))
                await #expect(throws: CounterFailure.refused) {
                    try await ScriptCall(entries: [.init(key: "k", verb: .take, rate: rate, cost: 1)]).run(
                        on: clients[0])
                }
            }
        }
    }
}
