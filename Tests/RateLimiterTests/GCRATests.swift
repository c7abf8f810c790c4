import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite struct GCRATests {
    static let second: Int64 = 1_000_000_000

    static func rate(_ requests: Int64, per period: Allowance.Period, burst: Int64? = nil) -> TokenRate {
        TokenRate(Allowance(requests: requests, per: period, burst: burst), ticksPerSecond: second)
    }

    @Test("a full bucket gives its burst at once, then one token at a time as they come back")
    func burstThenRate() {
        let rate = Self.rate(10, per: .second, burst: 3)
        var arrival: GCRA.Arrival?
        let times: [(Int64, Bool)] = [
            (0, true), (0, true), (0, true), (0, false), (99_999_999, false), (100_000_000, true), (100_000_000, false),
            (200_000_000, true), (1_000_000_000, true), (1_000_000_000, true), (1_000_000_000, true),
            (1_000_000_000, false),
        ]
        for (now, isAllowed) in times {
            let verdict = GCRA.decide(arrival: arrival, now: now, rate: rate, cost: 1)
            #expect(verdict.isAllowed == isAllowed, "at \(now)")
            arrival = verdict.arrival
        }
    }

    @Test("what is left, when all is back and when to try again are told exactly")
    func budget() {
        let rate = Self.rate(60, per: .minute, burst: 5)
        let first = GCRA.decide(arrival: nil, now: 0, rate: rate, cost: 2)
        #expect(first.budget == .init(remaining: 3, resetAfter: 2 * Self.second, retryAfter: 0))
        let second = GCRA.decide(arrival: first.arrival, now: Self.second / 2, rate: rate, cost: 4)
        #expect(!second.isAllowed)
        #expect(second.budget == .init(remaining: 3, resetAfter: 3 * Self.second / 2, retryAfter: Self.second / 2))
        let never = GCRA.decide(arrival: first.arrival, now: 0, rate: rate, cost: 6)
        #expect(!never.isAllowed && never.budget.retryAfter == nil)
    }

    @Test("an allowance of nothing lets nothing pass", arguments: [Allowance.Period.second, .month])
    func nothing(period: Allowance.Period) {
        let rate = Self.rate(0, per: period)
        let verdict = GCRA.decide(arrival: nil, now: 5, rate: rate, cost: 1)
        #expect(!verdict.isAllowed && verdict.budget == .init(remaining: 0, resetAfter: 0, retryAfter: nil))
    }

    /// The promise itself, against the plainest counting there is: every window that begins at a passed request.
    @Test("in any stretch of time at most burst + time * rate pass", arguments: 0..<30 as Range<UInt64>)
    func anyWindow(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let requests = Int64.random(in: 1...50, using: &random)
        let burst = Int64.random(in: 1...60, using: &random)
        let period = Allowance.Period.allCases.randomElement(using: &random)!
        let rate = Self.rate(requests, per: period, burst: burst)
        var arrival: GCRA.Arrival?
        var now: Int64 = 0
        var passed: [(time: Int64, cost: Int64)] = []
        for _ in 0..<400 {
            now += Int64.random(in: 0...(2 * rate.period / requests), using: &random)
            let cost = Int64.random(in: 1...3, using: &random)
            let verdict = GCRA.decide(arrival: arrival, now: now, rate: rate, cost: cost)
            arrival = verdict.arrival
            if verdict.isAllowed { passed.append((now, cost)) }
        }
        for first in passed.indices {
            var sum: Int64 = 0
            for last in first..<passed.count {
                sum += passed[last].cost
                let length = Int128(passed[last].time - passed[first].time)
                #expect(Int128(sum - burst) * Int128(rate.period) <= length * Int128(requests))
            }
        }
    }

    @Test(
        "nothing drifts: a year of requests at odd rates passes exactly what it should",
        arguments: [3, 7, 999_999_937, 1_000_000_000] as [Int64])
    func noDrift(requests: Int64) {
        // With one token to spare, a request never waits for the end of a tick.
        let rate = Self.rate(requests, per: .month, burst: 2)
        var arrival: GCRA.Arrival? = GCRA.Arrival(ticks: 0, fraction: 0)
        let count = min(100_000, 12 * requests)
        for _ in 0..<count {
            let verdict = GCRA.decide(arrival: arrival, now: arrival!.ticks, rate: rate, cost: 1)
            #expect(verdict.isAllowed)
            arrival = verdict.arrival
        }
        let exact = Int128(count) * Int128(rate.period)
        #expect(Int128(arrival!.ticks) * Int128(requests) + Int128(arrival!.fraction) == exact)
    }

    @Test("the largest numbers do not overflow", arguments: [Self.second, 1_000_000])
    func extremes(ticksPerSecond: Int64) {
        let numbers: [Int64] = [0, 1, 2, 3, 999_999_999, 1_000_000_000, .max]
        for period in Allowance.Period.allCases {
            for requests in numbers {
                for burst in numbers {
                    let allowance = Allowance(requests: requests, per: period, burst: burst)
                    let rate = TokenRate(allowance, ticksPerSecond: ticksPerSecond)
                    #expect(rate.capacity.ticks <= TokenRate.longestSeconds * ticksPerSecond)
                    // Fits a double, where Redis counts, for the clock of today.
                    if ticksPerSecond == 1_000_000 {
                        #expect(1_800_000_000_000_000 + 2 * rate.capacity.ticks < 1 << 53)
                    }
                    var arrival: GCRA.Arrival?
                    for cost in numbers {
                        let now = 20 * 365 * 86_400 * ticksPerSecond
                        let verdict = GCRA.decide(arrival: arrival, now: now, rate: rate, cost: cost)
                        arrival = GCRA.charge(arrival: verdict.arrival, now: now, rate: rate, cost: cost)
                        _ = GCRA.budget(arrival: arrival, now: now, rate: rate)
                    }
                }
            }
        }
        // A billion a second with a burst of a billion is counted to the last one.
        let fast = Self.rate(1_000_000_000, per: .second)
        let all = GCRA.decide(arrival: nil, now: 0, rate: fast, cost: 1_000_000_000)
        #expect(all.isAllowed && all.budget.remaining == 0)
        #expect(!GCRA.decide(arrival: all.arrival, now: 0, rate: fast, cost: 1).isAllowed)
        #expect(GCRA.decide(arrival: all.arrival, now: 1, rate: fast, cost: 1).isAllowed)
    }

    @Test("a response may cost more than there was; the next requests wait for it")
    func debt() {
        let rate = Self.rate(10, per: .second, burst: 10)
        let arrival = GCRA.charge(arrival: nil, now: 0, rate: rate, cost: 25)
        #expect(GCRA.budget(arrival: arrival, now: 0, rate: rate).remaining == -15)
        #expect(!GCRA.decide(arrival: arrival, now: 1_599_999_999, rate: rate, cost: 1).isAllowed)
        #expect(GCRA.decide(arrival: arrival, now: 1_600_000_000, rate: rate, cost: 1).isAllowed)
    }

    @Test("what is given back is there again, to the fraction")
    func refund() {
        let rate = Self.rate(7, per: .minute, burst: 7)
        let first = GCRA.decide(arrival: nil, now: 0, rate: rate, cost: 3).arrival
        let second = GCRA.decide(arrival: first, now: 10, rate: rate, cost: 2).arrival
        #expect(GCRA.refund(arrival: second, rate: rate, cost: 2) == first)
    }

    @Test("another allowance carries over what was used, up to the new bucket, and debt as debt")
    func conversion() {
        let old = Self.rate(10, per: .minute, burst: 10)
        let used = GCRA.decide(arrival: nil, now: 0, rate: old, cost: 4).arrival
        func left(_ new: TokenRate, _ arrival: GCRA.Arrival) -> Int64 {
            GCRA.budget(arrival: GCRA.convert(arrival, now: 0, from: old, to: new), now: 0, rate: new).remaining
        }
        #expect(left(Self.rate(100, per: .second, burst: 50), used) == 46)
        #expect(left(Self.rate(1, per: .month, burst: 5), used) == 1)
        #expect(left(Self.rate(1, per: .hour, burst: 2), used) == 0)
        let debt = GCRA.charge(arrival: nil, now: 0, rate: old, cost: 13)
        #expect(left(Self.rate(10, per: .second, burst: 5), debt) == -3)
        #expect(left(Self.rate(0, per: .second), debt) == 0)
        // What filled up again stays full.
        #expect(
            GCRA.convert(used, now: 60 * Self.second, from: old, to: Self.rate(1, per: .day)).ticks <= 60 * Self.second)
    }
}
