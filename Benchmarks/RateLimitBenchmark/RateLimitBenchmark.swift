import Foundation
import Logging
import NetTypes
import RateLimiter
import TrafficPlan

/// What the limiter does on one core: whole decisions, from a request's values to its answer's headers left aside.
/// Keys are visited in no order.
///
/// Arguments: any of `memory`, `flood`, `redis`; without any, all. `redis` needs `REDIS=host:port` of a real server that may
/// be filled with counters.
@main
enum RateLimitBenchmark {
    static func main() async throws {
        let given = Set(CommandLine.arguments.dropFirst())
        func wants(_ part: String) -> Bool { given.isEmpty || given.contains(part) }
        if wants("memory") { await memory() }
        if wants("flood") { await flood() }
        if wants("redis"), let address = ProcessInfo.processInfo.environment["REDIS"] { try await redis(address) }
    }

    static let silent = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }

    /// `count` limits, each with a budget for each client.
    static func limits(_ count: Int, _ allowance: Allowance) -> LimitSet {
        LimitSet(
            limits: (0..<count).map { number in
                RateLimit(
                    name: RateLimitName(namespace: "shop", policy: "policy", limit: "limit-\(number)"),
                    key: [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))], allowance: allowance, origin: .builtIn)
            })
    }

    /// The same for the same number.
    static func address(_ number: Int) -> IPAddress {
        .v4(
            10, UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number))
    }
}

// In memory.
extension RateLimitBenchmark {
    private static func memory() async {
        print("\nIn memory, one core. Decisions a second are of CPU time; p50 and p99 are of the clock on the wall.\n")
        print("| limits of a request | keys | decisions/s | p50 ns | p99 ns | MiB of counters |")
        print("|---|---|---|---|---|---|")
        for limits in [1, 3] {
            for keys in [1, 10_000, 1_000_000] { await memory(limits: limits, keys: keys) }
        }
    }

    private static func memory(limits: Int, keys: Int) async {
        let counters = MemoryCounters(keys: limits * keys * 11 / 10)
        let limiter = RateLimiter(counters: counters, logger: silent)
        let id = LimitSetID("set")
        // A token takes seconds to come back, so that every key stays.
        guard (try? limiter.install(Self.limits(limits, Allowance(requests: 1_000_000, per: .month)), as: id)) != nil
        else {
            return print("the set cannot be installed")
        }
        let addresses = (0..<keys).map(address)
        var request = LimitedRequest(clientAddress: nil, method: "GET", host: "shop.example", path: "/")
        for address in addresses {
            request.clientAddress = address
            _ = await limiter.decide(request, by: id)
        }
        let rounds = 500_000
        var order = RandomOrder(count: keys)
        let cpu = CPUTime.now()
        for _ in 0..<rounds {
            request.clientAddress = addresses[order.next()]
            _ = await limiter.decide(request, by: id)
        }
        let spent = CPUTime.now() - cpu
        var samples = Samples()
        for _ in 0..<rounds / 5 {
            request.clientAddress = addresses[order.next()]
            let start = MonotonicTime.now()
            _ = await limiter.decide(request, by: id)
            samples.add(MonotonicTime.now() - start)
        }
        let usage = counters.currentUsage
        print(
            "| \(limits) | \(keys) | \(Samples.rate(rounds, nanoseconds: spent)) | \(samples.percentile(50)) "
                + "| \(samples.percentile(99)) | \(usage.bytes >> 20) |")
    }

    /// Ten million keys that come once, against a store of a hundred thousand.
    private static func flood() async {
        let kept = 100_000
        let counters = MemoryCounters(keys: kept)
        let limiter = RateLimiter(counters: counters, logger: silent)
        let id = LimitSetID("set")
        guard (try? limiter.install(limits(1, Allowance(requests: 10, per: .hour)), as: id)) != nil else { return }
        var request = LimitedRequest(clientAddress: nil, method: "GET", host: "shop.example", path: "/")
        func passes(_ address: IPAddress) async -> Bool {
            request.clientAddress = address
            return await limiter.decide(request, by: id)?.isAllowed ?? true
        }
        let hot = (0..<1000).map(address)
        for address in hot { for _ in 0..<10 { _ = await passes(address) } }
        let before = ResidentMemory.bytes()
        let cpu = CPUTime.now()
        var freed = 0
        for number in 0..<10_000_000 {
            _ = await passes(address(1_000_000 + number))
            guard number % 1_000_000 == 0 else { continue }
            for address in hot where await passes(address) { freed += 1 }
        }
        let spent = CPUTime.now() - cpu
        for address in hot where await passes(address) { freed += 1 }
        let usage = counters.currentUsage
        print(
            "\nA flood of 10,000,000 distinct keys, of which \(kept) may be kept; 1,000 keys were exhausted before.\n")
        print("| decisions/s | keys kept | MiB of counters | process grew by MiB | evictions | exhausted keys freed |")
        print("|---|---|---|---|---|---|")
        print(
            "| \(Samples.rate(10_000_000, nanoseconds: spent)) | \(usage.keys) | \(usage.bytes >> 20) "
                + "| \((ResidentMemory.bytes() - before) >> 20) | \(usage.evictions) | \(freed) |")
    }
}

/// Places in no order that a processor could guess.
struct RandomOrder {
    let count: Int
    private var state: UInt64 = 42

    init(count: Int) { self.count = count }

    mutating func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: (state >> 32) * UInt64(count) >> 32)
    }
}
