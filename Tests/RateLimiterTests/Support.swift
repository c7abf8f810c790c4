import Logging
import NetTypes
import RedisClient
import Synchronization
import TestSupport
import TrafficPlan

@testable import RateLimiter

/// A clock that stands until it is moved. Nanoseconds.
final class TestClock: Sendable {
    private let time: Atomic<Int64>

    init(_ start: Int64 = 1_000_000_000_000) { time = Atomic(start) }

    var now: Int64 { time.load(ordering: .relaxed) }
    func move(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        time.wrappingAdd(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, ordering: .relaxed)
    }
}

extension RateLimit {
    /// By client address, unless told otherwise.
    static func named(
        _ name: String, _ allowance: Allowance, key: [KeyPart] = [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))],
        change: (inout RateLimit) -> Void = { _ in }
    ) -> RateLimit {
        var limit = RateLimit(
            name: RateLimitName(namespace: "shop", policy: "policy", limit: name), key: key, allowance: allowance,
            origin: .builtIn)
        change(&limit)
        return limit
    }
}

extension LimitedRequest {
    static func from(_ client: String, _ headers: [String: String] = [:], path: String = "/") -> LimitedRequest {
        LimitedRequest(clientAddress: IPAddress(client), method: "GET", host: "a.example", path: path, headers: headers)
    }
}

extension RateLimiter {
    static func with(_ limits: RateLimit..., counters: any CounterStore) throws -> RateLimiter {
        let limiter = RateLimiter(counters: counters)
        try limiter.install(LimitSet(limits: limits), as: LimitSetID("set"))
        return limiter
    }

    func decide(_ request: LimitedRequest) async -> LimitDecision {
        await decide(request, by: LimitSetID("set")) ?? LimitDecision(parts: [])
    }

    /// How many of `count` requests pass.
    func passed(_ request: LimitedRequest, of count: Int) async -> Int {
        var passed = 0
        for _ in 0..<count where await decide(request).isAllowed { passed += 1 }
        return passed
    }
}

extension LimitDecision {
    var outcomes: [String: Outcome] {
        Dictionary(uniqueKeysWithValues: parts.map { ($0.definition.name.limit, $0.outcome) })
    }

    func header(_ name: String) -> String? { responseHeaders.first { $0.name == name }?.value }
}

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Clients, each with connections of its own, while `body` runs.
func withClients<Result: Sendable>(
    _ count: Int = 1, _ configuration: RedisConfiguration,
    _ body: @escaping @Sendable ([RedisClient]) async throws -> Result
) async throws -> Result {
    let clients = try (0..<count).map { _ in try RedisClient(configuration, logger: silent) }
    return try await withThrowingTaskGroup(of: Void.self) { group in
        for client in clients { group.addTask { await client.run() } }
        try await eventually("the clients are connected") { clients.allSatisfy(\.isReady) }
        let result = try await body(clients)
        group.cancelAll()
        return result
    }
}

extension RedisConfiguration {
    init(_ server: RedisProcess, timeout: Duration = .seconds(2)) {
        self.init(
            topology: .standalone(RedisAddress(host: "127.0.0.1", port: Int(server.port))), timeout: timeout,
            backoff: .milliseconds(10) ... .milliseconds(50))
    }
}
