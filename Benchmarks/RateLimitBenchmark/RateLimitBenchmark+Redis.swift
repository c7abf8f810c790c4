import NetTypes
import RateLimiter
import RedisClient
import TrafficPlan

extension RateLimitBenchmark {
    static func redis(_ text: String) async throws {
        guard let address = RedisAddress(text, defaultPort: 6379) else { return print("REDIS=\(text) is no host:port") }
        let configuration = RedisConfiguration(topology: .standalone(address), timeout: .seconds(5))
        let client = try RedisClient(configuration, logger: silent)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            for _ in 0..<500 where !client.isReady { try? await Task.sleep(for: .milliseconds(10)) }
            if client.isReady { await redis(client) } else { print("no Redis answers at \(text)") }
            group.cancelAll()
        }
    }

    private static func redis(_ client: RedisClient) async {
        print("\nWith Redis on the same machine, over \(client.configuration.connections) connections.\n")
        print("| limits of a request | keys | requests at once | decisions/s | p50 us | p99 us | our CPU us |")
        print("|---|---|---|---|---|---|---|")
        for (limits, keys, tasks) in [(1, 1, 1), (1, 1, 64), (1, 10_000, 64), (1, 1_000_000, 64), (3, 10_000, 64)] {
            await redis(client, limits: limits, keys: keys, tasks: tasks)
        }
    }

    private static func redis(_ client: RedisClient, limits: Int, keys: Int, tasks: Int) async {
        let limiter = RateLimiter(counters: RedisCounters(client, logger: silent), logger: silent)
        let id = LimitSetID("set")
        let allowance = Allowance(requests: 1_000_000, per: .hour)
        guard (try? limiter.install(Self.limits(limits, allowance), as: id)) != nil else { return }
        if keys >= 1_000_000 { await fill(limiter, id, keys: keys) }
        let rounds = tasks == 1 ? 5000 : 60_000
        let cpu = CPUTime.now()
        let start = MonotonicTime.now()
        let samples = await withTaskGroup(of: Samples.self) { group in
            for task in 0..<tasks {
                group.addTask { await decide(limiter, id, keys: keys, seed: task, rounds: rounds / tasks) }
            }
            return await group.reduce(into: Samples()) { $0.add($1) }
        }
        let wall = MonotonicTime.now() - start
        let ours = (CPUTime.now() - cpu) / Int64(rounds) / 1000
        print(
            "| \(limits) | \(keys) | \(tasks) | \(Samples.rate(rounds, nanoseconds: wall)) "
                + "| \(samples.percentile(50) / 1000) | \(samples.percentile(99) / 1000) | \(ours) |")
    }

    /// Every key once, so that the server has them all.
    private static func fill(_ limiter: RateLimiter, _ id: LimitSetID, keys: Int) async {
        await withDiscardingTaskGroup { group in
            for task in 0..<256 {
                group.addTask {
                    for number in stride(from: task, to: keys, by: 256) {
                        _ = await limiter.decide(request(number), by: id)
                    }
                }
            }
        }
    }

    private static func decide(
        _ limiter: RateLimiter, _ id: LimitSetID, keys: Int, seed: Int, rounds: Int
    ) async -> Samples {
        var samples = Samples()
        var order = RandomOrder(count: keys)
        for _ in 0..<seed { _ = order.next() }
        for _ in 0..<rounds {
            let request = request(order.next())
            let start = MonotonicTime.now()
            _ = await limiter.decide(request, by: id)
            samples.add(MonotonicTime.now() - start)
        }
        return samples
    }

    private static func request(_ number: Int) -> LimitedRequest {
        LimitedRequest(clientAddress: address(number), method: "GET", host: "shop.example", path: "/")
    }
}
