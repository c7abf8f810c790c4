import Logging
import Synchronization

/// A few connections to one server, kept up while `run` runs.
///
/// There is no queue for a server that is gone: without a live connection a command fails at once, and a connection that
/// lets a command wait too long is closed. So the connections are the circuit breaker; the attempts to connect are its
/// probes.
final class RedisNode: Sendable {
    /// Whom to connect to, asked before each attempt.
    typealias Resolve = @Sendable () async throws(RedisError) -> RedisAddress

    private struct State {
        var live: [RedisConnection?]
        var next = 0
        var failure: RedisError = .notConnected("no attempt was made yet")
    }

    private let state: Mutex<State>
    private let resolve: Resolve
    private let settings: RedisConnectionSettings
    private let configuration: RedisConfiguration
    private let logger: Logger
    private let name: String
    private let (retirement, retired) = AsyncStream<Void>.makeStream()

    init(
        name: String, _ settings: RedisConnectionSettings, _ configuration: RedisConfiguration, logger: Logger,
        resolve: @escaping Resolve
    ) {
        self.name = name
        self.settings = settings
        self.configuration = configuration
        self.logger = logger
        self.resolve = resolve
        state = Mutex(State(live: Array(repeating: nil, count: max(1, configuration.connections))))
    }

    /// Until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for index in 0..<max(1, configuration.connections) { group.addTask { await self.keepConnected(index) } }
        }
    }

    /// One that lives, each in turn.
    func connection() throws(RedisError) -> RedisConnection {
        let (found, failure) = state.withLock { state -> (RedisConnection?, RedisError) in
            for _ in state.live.indices {
                state.next = (state.next + 1) % state.live.count
                if let connection = state.live[state.next] { return (connection, state.failure) }
            }
            return (nil, state.failure)
        }
        guard let found else { throw failure }
        return found
    }

    var isConnected: Bool { state.withLock { $0.live.contains { $0 != nil } } }

    /// Closes all connections, so that the next attempt asks anew whom to connect to.
    func reconnect(_ reason: RedisError) {
        for connection in state.withLock({ $0.live.compactMap(\.self) }) { connection.abandon(reason) }
    }

    /// Nothing will be sent to this server any more.
    func retire() { retired.finish() }

    func waitUntilRetired() async { for await _ in retirement {} }

    private func keepConnected(_ index: Int) async {
        var backoff = Backoff(configuration.backoff)
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do throws(RedisError) {
                let connection = try await RedisConnection.connect(to: resolve(), settings)
                backoff.succeeded()
                logger.debug("connected to Redis", metadata: ["redis.address": "\(connection.address)"])
                await use(connection, as: index)
            } catch {
                noticed(error)
            }
            // Waking early only means to be cancelled.
            try? await Task.sleep(for: backoff.failed(using: &generator))
        }
    }

    private func noticed(_ error: RedisError) {
        let isNew = state.withLock { state in
            defer { state.failure = error }
            return state.failure != error
        }
        guard isNew, !Task.isCancelled else { return }
        logger.warning("no connection to Redis", metadata: ["redis.node": "\(name)", "error": "\(error)"])
    }

    private func use(_ connection: RedisConnection, as index: Int) async {
        state.withLock { $0.live[index] = connection }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await connection.waitUntilClosed() }
            group.addTask { await self.keepAlive(connection) }
            await withTaskCancellationHandler {
                await group.next()
            } onCancel: {
                connection.abandon(.disconnected("this client stops"))
            }
            group.cancelAll()
        }
        state.withLock { state in
            state.live[index] = nil
            state.failure = .notConnected("\(connection.address): the connection was lost")
        }
        if !Task.isCancelled {
            logger.info("lost a connection to Redis", metadata: ["redis.address": "\(connection.address)"])
        }
    }

    /// A server that is gone is found out before a request needs it. Returns when the connection is no good.
    private func keepAlive(_ connection: RedisConnection) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: configuration.pingInterval)
                if connection.waiting == 0 { try await connection.ping() }
            } catch let error as RedisError {
                connection.abandon(error)
                return
            } catch {
                return
            }
        }
    }
}
