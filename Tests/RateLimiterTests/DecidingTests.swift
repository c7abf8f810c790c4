import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite struct DecidingTests {
    let clock = TestClock()
    var counters: MemoryCounters { MemoryCounters(now: { [clock] in clock.now }) }

    @Test("each key has a budget of its own")
    func keys() async throws {
        let limiter = try RateLimiter.with(.named("a", Allowance(requests: 3, per: .minute)), counters: counters)
        #expect(await limiter.passed(.from("192.0.2.1"), of: 10) == 3)
        #expect(await limiter.passed(.from("192.0.2.2"), of: 10) == 3)
        clock.move(by: .seconds(20))
        #expect(await limiter.passed(.from("192.0.2.1"), of: 10) == 1)
    }

    @Test("no edge of a window lets two budgets pass")
    func windowEdges() async throws {
        let limiter = try RateLimiter.with(.named("a", Allowance(requests: 100, per: .minute)), counters: counters)
        #expect(await limiter.passed(.from("192.0.2.1"), of: 200) == 100)
        clock.move(by: .milliseconds(1100))
        #expect(await limiter.passed(.from("192.0.2.1"), of: 200) == 1)
    }

    @Test("a request refused by one limit takes nothing from the others; shadow limits count on their own")
    func allOrNothing() async throws {
        let limiter = try RateLimiter.with(
            .named("wide", Allowance(requests: 5, per: .hour)), .named("tight", Allowance(requests: 2, per: .minute)),
            .named("shadow", Allowance(requests: 3, per: .hour)) { $0.mode = .shadow }, counters: counters)
        #expect(await limiter.passed(.from("192.0.2.1"), of: 4) == 2)
        clock.move(by: .seconds(60))
        let decision = await limiter.decide(.from("192.0.2.1"))
        #expect(decision.isAllowed)
        #expect(decision.outcomes == ["wide": .allowed, "tight": .allowed, "shadow": .shadowed])
        #expect(decision.parts.first { $0.definition.name.limit == "wide" }?.budget?.remaining == 2)
        let refused = await limiter.decide(.from("192.0.2.1"))
        #expect(refused.isAllowed)
        let last = await limiter.decide(.from("192.0.2.1"))
        #expect(!last.isAllowed && last.deciding?.definition.name.limit == "tight")
        // What the others have left is told as it is, not as if they had been charged.
        #expect(last.parts.first { $0.definition.name.limit == "wide" }?.budget?.remaining == 1)
    }

    @Test("the limit that makes a request wait longest decides")
    func deciding() async throws {
        let limiter = try RateLimiter.with(
            .named("minute", Allowance(requests: 1, per: .minute)),
            .named("hour", Allowance(requests: 1, per: .hour)) { $0.answer.status = 403 }, counters: counters)
        _ = await limiter.decide(.from("192.0.2.1"))
        let refused = await limiter.decide(.from("192.0.2.1"))
        #expect(refused.deciding?.definition.name.limit == "hour" && refused.answer?.status == 403)
        #expect(refused.header("retry-after") == "3600")
    }

    @Test("headers are those of the draft")
    func headers() async throws {
        let limiter = try RateLimiter.with(
            .named("per \"client\"", Allowance(requests: 60, per: .minute, burst: 10)),
            .named("b", Allowance(requests: 5, per: .hour)),
            .named("silent", Allowance(requests: 5, per: .hour)) { $0.answer.tellsBudget = false }, counters: counters)
        let decision = await limiter.decide(.from("192.0.2.1"))
        #expect(decision.header("ratelimit-policy") == #""b";q=5;w=3600, "per \"client\"";q=60;w=60"#)
        #expect(decision.header("ratelimit") == #""b";r=4;t=720, "per \"client\"";r=9;t=1"#)
        #expect(decision.header("retry-after") == nil)
    }

    @Test("other allowances for named values have budgets of their own, and none is without end")
    func plans() async throws {
        let plan = KeyPart.Source.header("x-plan")
        let limiter = try RateLimiter.with(
            .named("a", Allowance(requests: 2, per: .minute)) {
                $0.conditionalAllowances = [
                    .init(
                        name: "gold", matches: [KeyMatch(plan, values: ["gold"])],
                        allowance: Allowance(requests: 4, per: .minute)),
                    .init(name: "own", matches: [KeyMatch(plan, values: ["own"])], allowance: nil),
                ]
            }, counters: counters)
        let request = LimitedRequest.from("192.0.2.1")
        // Turning from one to the other fills neither.
        for _ in 0..<3 {
            _ = await limiter.passed(request, of: 3)
            _ = await limiter.passed(.from("192.0.2.1", ["x-plan": "gold"]), of: 5)
        }
        #expect(await limiter.passed(request, of: 3) == 0)
        #expect(await limiter.passed(.from("192.0.2.1", ["x-plan": "gold"]), of: 3) == 0)
        let own = await limiter.decide(.from("192.0.2.1", ["x-plan": "own"]))
        #expect(own.isAllowed && own.outcomes == ["a": .exempt])
        #expect(own.responseHeaders.isEmpty)
    }

    @Test("costs from headers, and costs that only the response tells")
    func costs() async throws {
        let limiter = try RateLimiter.with(
            .named("cost", Allowance(requests: 10, per: .hour)) { $0.cost = .requestHeader(.init(name: "x-cost")) },
            .named("result", Allowance(requests: 100, per: .hour)) {
                $0.cost = .responseHeader(.init(name: "x-tokens"))
            },
            counters: counters)
        #expect(await limiter.decide(.from("192.0.2.1", ["x-cost": "8"])).isAllowed)
        #expect(await !limiter.decide(.from("192.0.2.1", ["x-cost": "3"])).isAllowed)
        #expect(await limiter.decide(.from("192.0.2.1", ["x-cost": "0"])).isAllowed)
        func charge(_ cost: Int64) async throws {
            try await limiter.charge(.from("192.0.2.1"), by: LimitSetID("set")) { _ in cost }
        }
        try await charge(99)
        #expect(await limiter.decide(.from("192.0.2.1", ["x-cost": "0"])).isAllowed)
        try await charge(51)
        let refused = await limiter.decide(.from("192.0.2.1", ["x-cost": "0"]))
        #expect(refused.deciding?.definition.name.limit == "result" && refused.deciding?.budget?.remaining == -50)
        #expect(refused.header("retry-after") == "1836")
        #expect(refused.header("ratelimit")?.contains(#""result";r=0;"#) == true)
        // The limit whose cost is known from the request was not charged by the response.
        #expect(refused.parts.first { $0.definition.name.limit == "cost" }?.budget?.remaining == 2)
    }

    @Test("leaving a key's part out is a key of its own, not a way past")
    func omission() async throws {
        let key = [KeyPart(.header("x-user"))]
        let limiter = try RateLimiter.with(
            .named("a", Allowance(requests: 2, per: .minute), key: key),
            counters: counters)
        #expect(await limiter.passed(.from("192.0.2.1"), of: 5) == 2)
        #expect(await limiter.passed(.from("192.0.2.1", ["x-user": ""]), of: 5) == 2)
    }

    @Test("a set edited keeps its counters; a set removed is unknown; both stand side by side meanwhile")
    func rollout() async throws {
        let limiter = try RateLimiter.with(.named("a", Allowance(requests: 10, per: .hour)), counters: counters)
        #expect(await limiter.passed(.from("192.0.2.1"), of: 6) == 6)
        let edited = LimitSet(limits: [.named("a", Allowance(requests: 20, per: .minute, burst: 8))])
        try limiter.install(edited, as: LimitSetID("new"))
        let decision = try #require(await limiter.decide(.from("192.0.2.1"), by: LimitSetID("new")))
        #expect(decision.parts.first?.budget?.remaining == 1)
        #expect(await limiter.decide(.from("192.0.2.9")).isAllowed)
        limiter.remove(LimitSetID("set"))
        #expect(await limiter.decide(.from("192.0.2.1"), by: LimitSetID("set")) == nil)
        #expect(limiter.installed == [LimitSetID("new")])
        // Keyed by something else, no old count is mistaken for a new one.
        let other = LimitSet(limits: [
            .named("a", Allowance(requests: 20, per: .minute, burst: 8), key: [KeyPart(.header("x"))])
        ])
        try limiter.install(other, as: LimitSetID("set"))
        #expect(await limiter.passed(.from("192.0.2.1", ["x": "192.0.2.1"]), of: 10) == 8)
    }

    @Test("while old and new allowances are both named, no key gains by going to and fro")
    func toAndFro() async throws {
        let limiter = try RateLimiter.with(.named("a", Allowance(requests: 10, per: .hour)), counters: counters)
        let old = LimitSetID("set")
        let new = LimitSetID("new")
        #expect(await limiter.passed(.from("192.0.2.1"), of: 4) == 4)
        try limiter.install(LimitSet(limits: [.named("a", Allowance(requests: 6, per: .hour))]), as: new)
        var passed = 0
        for step in 0..<20 {
            if await limiter.decide(.from("192.0.2.1"), by: step % 2 == 0 ? old : new)?.isAllowed == true {
                passed += 1
            }
        }
        #expect(passed == 2)
        // Whichever remains holds alone, also where that is the older.
        limiter.remove(new)
        let decision = await limiter.decide(.from("192.0.2.2"))
        #expect(decision.parts.first?.budget?.remaining == 9)
    }

    @Test("proxies' own limits are left to them")
    func scope() async throws {
        let limiter = try RateLimiter.with(
            .named("a", Allowance(requests: 0, per: .hour)) { $0.scope = .perProxy },
            .named("b", Allowance(requests: 1, per: .hour)), counters: counters)
        let decision = await limiter.decide(.from("192.0.2.1"))
        #expect(decision.isAllowed && decision.outcomes == ["b": .allowed] && decision.parts[0].index == 1)
    }

    @Test("many tasks at once pass exactly the allowance, over one limit and over several")
    func concurrency() async throws {
        let limiter = try RateLimiter.with(
            .named("all", Allowance(requests: 1000, per: .month), key: []),
            .named("each", Allowance(requests: 400, per: .month)),
            counters: counters)
        let passed = await withTaskGroup(of: (Int, Int).self) { group in
            for task in 0..<16 {
                group.addTask { (task % 4, await limiter.passed(.from("192.0.2.\(task % 4)"), of: 500)) }
            }
            return await group.reduce(into: [0, 0, 0, 0]) { $0[$1.0] += $1.1 }
        }
        #expect(passed.reduce(0, +) == 1000)
        #expect(passed.allSatisfy { $0 <= 400 })
    }

    @Test("a store that cannot count lets pass or refuses, as each limit says")
    func failures() async throws {
        let allow = try RateLimiter.with(.named("a", Allowance(requests: 1, per: .hour)), counters: BrokenCounters())
        let passed = await allow.decide(.from("192.0.2.1"))
        #expect(passed.isAllowed && passed.outcomes == ["a": .error] && passed.responseHeaders.isEmpty)
        let deny = try RateLimiter.with(
            .named("a", Allowance(requests: 1, per: .hour)),
            .named("b", Allowance(requests: 1, per: .hour)) { $0.whenLimiterFails = .deny },
            .named("c", Allowance(requests: 1, per: .hour)) {
                $0.whenLimiterFails = .deny
                $0.mode = .shadow
            }, counters: BrokenCounters())
        let refused = await deny.decide(.from("192.0.2.1"))
        #expect(!refused.isAllowed && refused.isLimiterFailure && refused.deciding?.definition.name.limit == "b")
        await #expect(throws: CounterFailure.full) {
            let counting = try RateLimiter.with(
                .named("a", Allowance(requests: 1, per: .hour)) { $0.cost = .responseHeader(.init(name: "x")) },
                counters: BrokenCounters())
            try await counting.charge(.from("192.0.2.1"), by: LimitSetID("set")) { _ in 1 }
        }
    }
}

/// Redis at its worst.
struct BrokenCounters: CounterStore {
    let hashing = KeyHashing.random()
    let allowances = AllowanceTable()
    var kind: String { "broken" }
    var usage: CounterUsage? { nil }

    func decide(_ charges: [CounterCharge]) async -> [CounterReading] { charges.map { _ in .failed(.full) } }
    func settle(_ debts: [CounterDebt]) async throws(CounterFailure) { throw .full }
    func read(_ counters: [CounterReference]) async throws(CounterFailure) -> [GCRA.Budget?] { throw .full }
    func reset(_ key: CounterKey) async throws(CounterFailure) -> Bool { throw .full }
}
