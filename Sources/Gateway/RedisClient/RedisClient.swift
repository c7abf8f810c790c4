package import Logging

/// A client of Redis or Valkey: one server, a master that sentinels name, or a cluster.
///
/// `run` keeps the connections; without it nothing is connected. Commands are pipelined over few connections. A command
/// never waits for a connection: where there is none it fails at once, and says why.
package final class RedisClient: Sendable {
    package let configuration: RedisConfiguration
    private let topology: any RedisTopology

    /// - Throws: `configuration`: certificates that cannot be read.
    package init(
        _ configuration: RedisConfiguration, logger: Logger = Logger(label: "fairway.redis")
    ) throws(RedisError) {
        self.configuration = configuration
        var tls: RedisTLS?
        if let settings = configuration.tls { tls = try RedisTLS(settings) }
        if case .cluster(let seeds) = configuration.topology {
            topology = RedisCluster(seeds, configuration, tls: tls, logger: logger)
        } else {
            topology = SingleMaster(configuration, tls: tls, logger: logger)
        }
    }

    /// Until cancelled.
    package func run() async { await topology.run() }

    /// Every server that is needed is connected.
    package var isReady: Bool { topology.isReady }

    package var isCluster: Bool {
        if case .cluster = configuration.topology { true } else { false }
    }

    /// - Parameter key: any of the command's keys, which must all lie in one slot of a cluster; `nil` where it has none.
    package func send(_ command: RedisCommand, key: String? = nil) async throws(RedisError) -> RESPValue {
        let slot = isCluster ? key.map { HashSlot(of: $0) } : nil
        return try await send(command, slot: slot)
    }

    package func send(_ command: RedisCommand, slot: HashSlot?) async throws(RedisError) -> RESPValue {
        var connection = try topology.connection(for: slot)
        var mustAsk = false
        // As many redirections as a slot that moves twice needs.
        for _ in 0..<4 {
            let failure: RedisError
            switch await attempt(command, on: connection, mustAsk: mustAsk) {
            case .success(let value): return value
            case .failure(let error): failure = error
            }
            switch topology.refused(failure, by: connection, slot: slot) {
            case .giveUp: throw failure
            case .again(let next): (connection, mustAsk) = (next, false)
            case .ask(let next): (connection, mustAsk) = (next, true)
            }
        }
        throw .server("the slot keeps moving")
    }

    /// To every master; the answers in no order.
    package func sendToAll(_ command: RedisCommand) async throws(RedisError) -> [RESPValue] {
        var answers: [RESPValue] = []
        for connection in try topology.masters() { answers.append(try await connection.send(command)) }
        return answers
    }

    private func attempt(
        _ command: RedisCommand, on connection: RedisConnection, mustAsk: Bool
    ) async -> Result<RESPValue, RedisError> {
        do throws(RedisError) {
            if mustAsk { return .success(try await connection.send(RedisCommand("ASKING"), then: command)) }
            return .success(try await connection.send(command))
        } catch {
            return .failure(error)
        }
    }
}
