import RedisClient
import TestSupport
import Testing
import TrafficPlan

@testable import RateLimiter

@Suite(.enabled(if: Tool.redis.isWanted, "redis-server is not installed: run Scripts/install-tools test"))
struct RedisClusterTests {
    /// Three masters that share the slots.
    static func withCluster(
        _ body: @escaping @Sendable ([RedisProcess], RedisConfiguration) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { folder in
            let nodes = try (0..<3).map { _ in
                try RedisProcess(
                    folder: folder,
                    arguments: [
                        "--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-port",
                        "\(try freePort())",
                    ])
            }
            for node in nodes { try await node.start() }
            defer { for node in nodes { node.stop() } }
            for (index, node) in nodes.enumerated() {
                let bounds = [0, 5461, 10923, 16384]
                try await command(node, "CLUSTER", "ADDSLOTSRANGE", "\(bounds[index])", "\(bounds[index + 1] - 1)")
                try await command(node, "CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
            }
            for node in nodes.dropFirst() {
                let bus = nodes[0].clusterPort
                try await command(node, "CLUSTER", "MEET", "127.0.0.1", "\(nodes[0].port)", "\(bus)")
            }
            try await eventually("all nodes agree") {
                for node in nodes {
                    let info = try await command(node, "CLUSTER", "INFO").text ?? ""
                    guard info.contains("cluster_state:ok"), info.contains("cluster_known_nodes:3") else {
                        return false
                    }
                }
                return true
            }
            let seeds = [RedisAddress(host: "127.0.0.1", port: Int(nodes[1].port))]
            try await body(
                nodes,
                RedisConfiguration(
                    topology: .cluster(seeds), timeout: .seconds(2), backoff: .milliseconds(10) ... .milliseconds(100)))
        }
    }

    @discardableResult static func command(_ node: RedisProcess, _ words: String...) async throws -> RESPValue {
        let connection = try await RedisConnection.connect(
            to: RedisAddress(host: "127.0.0.1", port: Int(node.port)), RedisConnectionSettings(timeout: .seconds(2)))
        let answer: Result<RESPValue, RedisError>
        do throws(RedisError) { answer = .success(try await connection.send(RedisCommand(words))) } catch {
            answer = .failure(error)
        }
        await connection.close()
        return try answer.get()
    }

    @Test("limits whose counters lie on different servers count as one, exactly")
    func exact() async throws {
        try await Self.withCluster { _, configuration in
            try await withClients(3, configuration) { clients in
                let limiters = try clients.map { client in
                    try RateLimiter.with(
                        .named("all", Allowance(requests: 150, per: .month), key: []),
                        .named("each", Allowance(requests: 60, per: .month)),
                        .named("path", Allowance(requests: 120, per: .month), key: [KeyPart(.path)]),
                        counters: RedisCounters(client, logger: silent))
                }
                func round(_ times: Int) async -> [Int] {
                    await withTaskGroup(of: (Int, Int).self) { group in
                        for task in 0..<12 {
                            let request = LimitedRequest.from("192.0.2.\(task % 3)", path: "/\(task % 2)")
                            group.addTask { (task % 3, await limiters[task % 3].passed(request, of: times)) }
                        }
                        return await group.reduce(into: [0, 0, 0]) { $0[$1.0] += $1.1 }
                    }
                }
                var passed = await round(30)
                // What was held for a moment by requests that were then refused is free again.
                let rest = await round(20)
                for index in passed.indices { passed[index] += rest[index] }
                #expect(passed.reduce(0, +) == 150)
                #expect(passed.allSatisfy { $0 <= 60 })
            }
        }
    }

    @Test("a slot on the move, and moved: requests follow it")
    func moving() async throws {
        try await Self.withCluster { nodes, configuration in
            try await withClients(1, configuration) { clients in
                let key = "moving"
                let slot = HashSlot(of: key).number
                let places = [0..<5461, 5461..<10923, 10923..<16384]
                let from = try #require(places.firstIndex { $0.contains(slot) })
                let to = (from + 1) % 3
                let ids = try await [
                    Self.command(nodes[from], "CLUSTER", "MYID").text ?? "",
                    Self.command(nodes[to], "CLUSTER", "MYID").text ?? "",
                ]
                let rate = TokenRate(Allowance(requests: 5, per: .day), ticksPerSecond: 1_000_000)
                func take() async throws -> Bool {
                    try await ScriptCall(entries: [.init(key: key, verb: .take, rate: rate, cost: 1)]).run(
                        on: clients[0])[0].passes
                }
                for _ in 0..<2 { #expect(try await take()) }
                try await Self.command(nodes[to], "CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", ids[0])
                try await Self.command(nodes[from], "CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", ids[1])
                try await Self.command(nodes[from], "MIGRATE", "127.0.0.1", "\(nodes[to].port)", key, "0", "2000")
                // The key is there already, the slot is not: the old owner says ASK.
                #expect(try await take())
                for node in [to, from] {
                    try await Self.command(nodes[node], "CLUSTER", "SETSLOT", "\(slot)", "NODE", ids[1])
                }
                #expect(try await take())
                #expect(try await take())
                #expect(try await !take())
            }
        }
    }

    @Test("a master that is gone: its counters fail as their limits say, the others count on")
    func masterGone() async throws {
        try await Self.withCluster { nodes, configuration in
            for node in nodes { try await Self.command(node, "CONFIG", "SET", "cluster-require-full-coverage", "no") }
            try await withClients(1, configuration) { clients in
                let limiter = try RateLimiter.with(
                    .named("a", Allowance(requests: 5, per: .day), key: [KeyPart(.path)]),
                    counters: RedisCounters(clients[0], logger: silent))
                let requests = (0..<30).map { LimitedRequest.from("192.0.2.1", path: "/\($0)") }
                for request in requests { #expect(await limiter.decide(request).outcomes["a"] == .allowed) }
                nodes[2].stop()
                var outcomes: [LimitDecision.Outcome: Int] = [:]
                try await eventually("failures are only those of one server") {
                    outcomes = [:]
                    for request in requests {
                        outcomes[await limiter.decide(request).outcomes["a"] ?? .exempt, default: 0] += 1
                    }
                    return (1..<25).contains(outcomes[.error] ?? 0)
                        && (outcomes[.allowed] ?? 0) + (outcomes[.limited] ?? 0) > 5
                }
                try await nodes[2].start()
                try await eventually("all count again") {
                    var errors = 0
                    for request in requests where await limiter.decide(request).outcomes["a"] == .error { errors += 1 }
                    return errors == 0
                }
            }
        }
    }
}
