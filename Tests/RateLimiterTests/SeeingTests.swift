import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite struct SeeingTests {
    let name = RateLimitName(namespace: "shop", policy: "policy", limit: "a")

    @Test("the hottest keys are found in a flood of others, in bounded room")
    func hottest() {
        var keys = HotKeys()
        var random = SeededGenerator(seed: 1)
        let allowance = AllowanceTable().metered(Allowance(requests: 1, per: .second))
        func saw(_ number: UInt64) {
            let counter = CounterReference(key: CounterKey(high: number, low: 0), allowance: allowance)
            let check = LimitCheck(limit: 0, values: ["\(number)"], allowance: nil, cost: 1)
            keys.saw(counter, check, isRefused: false, at: 0)
        }
        for step in 0..<50_000 {
            if step % 10 == 0 { saw(1) }
            if step % 25 == 0 { saw(2) }
            saw(UInt64.random(in: 1000 ... .max, using: &random))
        }
        #expect(keys.hottest.count == HotKeys.capacity)
        #expect(keys.hottest.prefix(2).map(\.values) == [["1"], ["2"]])
    }

    @Test("a snapshot tells totals, readable keys and what they have left; secrets and control characters stay out")
    func snapshot() async throws {
        let clock = TestClock()
        let key = [KeyPart(.header("x-api-key")), KeyPart(.header("x-tenant")), KeyPart(.cookie("id"))]
        let limiter = try RateLimiter.with(
            .named("a", Allowance(requests: 2, per: .minute), key: key), counters: MemoryCounters(now: { clock.now }))
        let request = LimitedRequest.from("192.0.2.1", ["x-api-key": "hunter2", "x-tenant": "acme\u{1b}[2J"])
        #expect(await limiter.passed(request, of: 5) == 2)
        let long = LimitedRequest.from("192.0.2.1", ["x-tenant": String(repeating: "é", count: 10_000)])
        _ = await limiter.decide(long)
        let snapshot = try #require(await limiter.snapshot().first)
        #expect((snapshot.allowed, snapshot.limited) == (3, 3))
        #expect(snapshot.allowance == "2 per minute")
        let hot = try #require(snapshot.hotKeys.first)
        #expect(hot.requests == 5 && hot.refusals == 3 && hot.remaining == 0 && hot.resetAfter == 60)
        #expect(hot.parts[1] == "header:x-tenant=acme\u{fffd}[2J" && hot.parts[2] == "cookie:id missing")
        #expect(snapshot.hotKeys.allSatisfy { key in key.parts.allSatisfy { $0.utf8.count < 120 } })
        #expect(!"\(snapshot)".contains("hunter2"))
        // By its identifier, the key that cannot be named is lifted.
        #expect(try await limiter.lift(name, key: try #require(CounterKey(hot.id))) == 1)
        #expect(await limiter.passed(request, of: 5) == 2)
        #expect(try await limiter.lift(name, values: ["hunter2", "acme\u{1b}[2J", nil]) == 1)
        #expect(await limiter.passed(request, of: 5) == 2)
        #expect(try await limiter.lift(name, values: ["nobody", nil, nil]) == 0)
    }

    @Test("a limit's first refusal is told once")
    func firstRefusal() async throws {
        let limiter = try RateLimiter.with(
            .named("a", Allowance(requests: 1, per: .hour)),
            .named("b", Allowance(requests: 2, per: .hour)) { $0.mode = .shadow }, counters: MemoryCounters())
        for client in ["192.0.2.1", "192.0.2.2"] { _ = await limiter.passed(.from(client), of: 4) }
        var told: [RateLimitName] = []
        for await name in limiter.firstRefusals {
            told.append(name)
            if told.count == 2 { break }
        }
        #expect(Set(told.map(\.limit)) == ["a", "b"])
    }

    @Test("what is not installed any more is not shown any more")
    func removal() async throws {
        let limiter = try RateLimiter.with(.named("a", Allowance(requests: 1, per: .hour)), counters: MemoryCounters())
        limiter.remove(LimitSetID("set"))
        #expect(await limiter.snapshot().isEmpty)
        #expect(try await limiter.lift(name, values: []) == 0)
    }
}
