import Logging
import Synchronization

/// Many masters, each with some of the slots. The map is learned from any of them, and learned anew when one answers that a
/// slot has moved, when one is lost, and every half minute.
final class RedisCluster: RedisTopology {
    private struct State {
        var map = SlotMap()
        var nodes: [RedisAddress: RedisNode] = [:]
        var failure: RedisError = .notConnected("the cluster's map is not known yet")
    }

    private enum Change: Sendable {
        case appeared(RedisAddress, RedisNode)
    }

    private let state = Mutex(State())
    private let seeds: [RedisAddress]
    private let configuration: RedisConfiguration
    private let settings: RedisConnectionSettings
    private let logger: Logger
    private let changes: AsyncStream<Change>
    private let changed: AsyncStream<Change>.Continuation
    private let wishes: AsyncStream<Void>
    private let wished: AsyncStream<Void>.Continuation

    init(_ seeds: [RedisAddress], _ configuration: RedisConfiguration, tls: RedisTLS?, logger: Logger) {
        self.seeds = seeds
        self.configuration = configuration
        self.logger = logger
        settings = RedisConnectionSettings(configuration, tls: tls)
        (changes, changed) = AsyncStream.makeStream()
        (wishes, wished) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var isReady: Bool {
        state.withLock { state in
            state.map.isComplete && state.map.masters.allSatisfy { state.nodes[$0]?.isConnected == true }
        }
    }

    func connection(for slot: HashSlot?) throws(RedisError) -> RedisConnection {
        let (node, failure) = state.withLock { state -> (RedisNode?, RedisError) in
            guard let slot else { return (state.nodes.values.first(where: \.isConnected), state.failure) }
            return (state.map[slot].flatMap { state.nodes[$0] }, state.failure)
        }
        guard let node else {
            wished.yield()
            throw failure
        }
        do throws(RedisError) {
            return try node.connection()
        } catch {
            wished.yield()
            throw error
        }
    }

    func masters() throws(RedisError) -> [RedisConnection] {
        let nodes = state.withLock { state in state.map.masters.compactMap { state.nodes[$0] } }
        var connections: [RedisConnection] = []
        for node in nodes { connections.append(try node.connection()) }
        return connections
    }

    func refused(_ error: RedisError, by connection: RedisConnection, slot: HashSlot?) -> OnRefusal {
        if let redirection = Redirection(error, from: connection.address) {
            if !redirection.isAsk {
                state.withLock { $0.map[redirection.slot] = redirection.address }
                wished.yield()
            }
            // One that was not known is connected to first; until then its slots are out of reach.
            guard let target = try? node(redirection.address).connection() else { return .giveUp }
            return redirection.isAsk ? .ask(target) : .again(target)
        }
        switch error.serverCode {
        case "READONLY", "MASTERDOWN", "CLUSTERDOWN":
            wished.yield()
            return .giveUp
        case "TRYAGAIN": return .again(connection)
        default:
            if case .disconnected = error { wished.yield() }
            return .giveUp
        }
    }

    private func node(_ address: RedisAddress) -> RedisNode {
        let (node, isNew) = state.withLock { state -> (RedisNode, Bool) in
            if let known = state.nodes[address] { return (known, false) }
            let node = RedisNode(name: "\(address)", settings, configuration, logger: logger) { () throws(RedisError) in
                address
            }
            state.nodes[address] = node
            return (node, true)
        }
        if isNew { changed.yield(.appeared(address, node)) }
        return node
    }
}

// Learning the map.
extension RedisCluster {
    private static let refreshInterval = Duration.seconds(30)

    func run() async {
        wished.yield()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.learn() }
            group.addTask { await self.wishNowAndThen() }
            for await case .appeared(_, let node) in changes { group.addTask { await self.keep(node) } }
        }
    }

    private func keep(_ node: RedisNode) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await node.run() }
            group.addTask { await node.waitUntilRetired() }
            await group.next()
            group.cancelAll()
        }
    }

    private func wishNowAndThen() async {
        while !Task.isCancelled {
            // Waking early only means to be cancelled.
            try? await Task.sleep(for: Self.refreshInterval)
            wished.yield()
        }
    }

    private func learn() async {
        var backoff = Backoff(configuration.backoff)
        var generator = SystemRandomNumberGenerator()
        for await _ in wishes {
            let isLearned = await learnOnce()
            if isLearned { backoff.succeeded() } else { wished.yield() }
            // However often it is wished for, the map is not asked for without a pause.
            try? await Task.sleep(for: backoff.failed(using: &generator))
        }
    }

    private func learnOnce() async -> Bool {
        let live = state.withLock { state in state.nodes.values.filter(\.isConnected) }
        for node in live {
            if let connection = try? node.connection(), let map = await map(from: connection) { return take(map) }
        }
        for seed in seeds {
            do throws(RedisError) {
                let connection = try await RedisConnection.connect(to: seed, settings)
                let map = await map(from: connection)
                await connection.close()
                if let map { return take(map) }
            } catch {
                state.withLock { $0.failure = error }
            }
        }
        return false
    }

    /// `nil`: this one does not know either, and another is asked.
    private func map(from connection: RedisConnection) async -> SlotMap? {
        guard let answer = try? await connection.send(RedisCommand("CLUSTER", "SLOTS")),
            let map = SlotMap(answer: answer, asked: connection.address), !map.masters.isEmpty
        else { return nil }
        return map
    }

    /// True where the map leaves no slot out.
    private func take(_ map: SlotMap) -> Bool {
        let retired = state.withLock { state in
            state.map = map
            let gone = state.nodes.filter { !map.masters.contains($0.key) }
            for address in gone.keys { state.nodes[address] = nil }
            return Array(gone.values)
        }
        for node in retired { node.retire() }
        for address in map.masters { _ = node(address) }
        return map.isComplete
    }
}
