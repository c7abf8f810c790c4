import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite struct MemoryTests {
    let clock = TestClock()

    func counters(keys: Int) -> MemoryCounters { MemoryCounters(keys: keys, now: { [clock] in clock.now }) }

    func charge(_ counters: MemoryCounters, _ key: UInt64, _ allowance: Allowance, cost: Int64 = 1) -> CounterCharge {
        // As well spread as a hash, and never the same for two.
        var random = SeededGenerator(seed: key)
        return CounterCharge(
            counter: CounterReference(
                key: CounterKey(high: random.next(), low: random.next()),
                allowance: counters.allowances.metered(allowance)),
            overflow: CounterKey(high: 0, low: 0), cost: cost)
    }

    func passes(_ counters: MemoryCounters, _ charge: CounterCharge) -> Bool {
        guard case .counted(let isAllowed, _) = counters.decide([charge])[0] else { return false }
        return isAllowed
    }

    @Test("the table equals a plain dictionary, whatever comes and goes", arguments: 0..<10 as Range<UInt64>)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let counters = counters(keys: 300)
        let allowance = Allowance(requests: 2, per: .second, burst: 3)
        let rate = TokenRate(allowance, ticksPerSecond: 1_000_000_000)
        var model: [UInt64: GCRA.Arrival] = [:]
        for _ in 0..<5000 {
            let key = UInt64.random(in: 0..<250, using: &random)
            if Int.random(in: 0..<50, using: &random) == 0 {
                _ = counters.reset(charge(counters, key, allowance).counter.key)
                model[key] = nil
            }
            let verdict = GCRA.decide(arrival: model[key], now: clock.now, rate: rate, cost: 1)
            model[key] = verdict.arrival
            #expect(passes(counters, charge(counters, key, allowance)) == verdict.isAllowed)
            clock.move(by: .microseconds(Int.random(in: 0..<5000, using: &random)))
        }
        #expect(counters.currentUsage.evictions == 0 && counters.currentUsage.overflows == 0)
    }

    /// Ten million in an optimised build: `Benchmarks/RateLimitBenchmark`.
    @Test("a flood of distinct keys: memory stays, and the keys that were exhausted stay exhausted")
    func flood() {
        let keys = 5000
        let counters = counters(keys: keys)
        let allowance = Allowance(requests: 5, per: .hour)
        let hot = (0..<500 as Range<UInt64>).map { charge(counters, $0, allowance) }
        for charge in hot { for _ in 0..<5 { #expect(passes(counters, charge)) } }
        for number in 0..<200_000 as Range<UInt64> {
            _ = counters.decide(charge(counters, 1_000_000 + number, allowance))
            if number % 20_000 == 0 { for charge in hot { #expect(!passes(counters, charge)) } }
        }
        let usage = counters.currentUsage
        #expect(usage.keys <= keys + 32 && usage.bytes <= keys * 44)
        #expect(usage.evictions > 190_000)
        #expect(hot.allSatisfy { !passes(counters, $0) })
    }

    @Test("where every key is exhausted, newcomers share one budget")
    func overflow() {
        let counters = counters(keys: 1000)
        let allowance = Allowance(requests: 1, per: .hour)
        for number in 0..<1000 as Range<UInt64> { #expect(passes(counters, charge(counters, number, allowance))) }
        let passed = (1000..<5000 as Range<UInt64>).count { passes(counters, charge(counters, $0, allowance)) }
        #expect(passed == 1)
        #expect(counters.currentUsage.overflows == 4000)
        #expect((0..<1000 as Range<UInt64>).allSatisfy { !passes(counters, charge(counters, $0, allowance)) })
        // When time has filled the buckets again, there is room.
        clock.move(by: .seconds(3601))
        #expect((5000..<5900 as Range<UInt64>).allSatisfy { passes(counters, charge(counters, $0, allowance)) })
    }

    @Test("several limits at once find no place either, and still count as one")
    func overflowTogether() {
        let counters = counters(keys: 100)
        let allowance = Allowance(requests: 1, per: .hour)
        for number in 0..<100 as Range<UInt64> { _ = counters.decide([charge(counters, number, allowance)]) }
        var passed = 0
        for number in 200..<300 as Range<UInt64> {
            var other = charge(counters, 1000 + number, allowance)
            other.overflow = CounterKey(high: 0, low: 1)
            let readings = counters.decide([charge(counters, number, allowance), other])
            if case .counted(true, _) = readings[0], case .counted(true, _) = readings[1] { passed += 1 }
        }
        #expect(passed == 1)
    }

    @Test("a clock that steps back frees nobody and blocks nobody")
    func clockSteps() {
        let counters = counters(keys: 100)
        let one = charge(counters, 1, Allowance(requests: 1, per: .second, burst: 2))
        #expect(passes(counters, one) && passes(counters, one) && !passes(counters, one))
        clock.move(by: .seconds(-3600))
        #expect(!passes(counters, one))
        clock.move(by: .seconds(3601))
        #expect(passes(counters, one))
        clock.move(by: .seconds(1_000_000))
        #expect(passes(counters, one) && passes(counters, one) && !passes(counters, one))
    }

    @Test("keys are told apart by what is in them, not by how it is joined")
    func keys() {
        for hashing in [KeyHashing.random(), .sha256] {
            let beginning = hashing.beginning(with: "limit")
            let values: [[String?]] = [
                [], [nil], [""], ["a", "b"], ["ab", nil], ["ab"], ["a", "b", nil], [nil, "ab"], ["a\u{0}b"],
                [String(repeating: "x", count: 1 << 20)], [String(repeating: "x", count: 1 << 20) + "y"],
            ]
            var keys = Set(values.map { beginning.key(allowance: nil, values: $0) })
            keys.formUnion(values.map { beginning.key(allowance: "gold", values: $0) })
            keys.insert(hashing.beginning(with: "limit2").key(allowance: nil, values: []))
            #expect(keys.count == 2 * values.count + 1)
            #expect(keys.allSatisfy { CounterKey($0.description) == $0 })
        }
    }

    @Test("SipHash is that of its authors")
    func sipHash() {
        // The reference code's vectors: key 00…0f, message 00 01 02 …
        var hash = SipHash128(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        var empty = hash
        #expect(empty.finish() == CounterKey(high: 0x930255c71472f66d, low: 0xe6a825ba047f81a3))
        var one = hash
        one.append(byte: 0)
        #expect(one.finish() == CounterKey(high: 0x45fc_229b_1159_7634, low: 0x44af_996b_d8c1_87da))
        for byte in 0..<15 as Range<UInt8> { hash.append(byte: byte) }
        var whole = SipHash128(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        Array(0..<15 as Range<UInt8>).withUnsafeBufferPointer { whole.append($0) }
        #expect(hash.finish() == whole.finish())
    }
}
