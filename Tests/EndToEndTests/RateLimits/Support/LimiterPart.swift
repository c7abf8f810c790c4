import DiscoveryServer
import Logging
import RateLimitService
import RateLimiter
import Synchronization

/// One limiter on a unix socket, which may be stopped.
final class LimiterPart: Sendable {
    let sets: LimitSetHolder
    let socket: String
    private let logger: Logger
    private let starts = AsyncStream.makeStream(of: LimiterServer.self)
    private let current = Mutex<LimiterServer?>(nil)

    init(_ counters: any CounterStore, socket: String, _ logger: Logger) {
        self.socket = socket
        self.logger = logger
        sets = LimitSetHolder(limiter: RateLimiter(counters: counters, logger: logger), logger: logger)
    }

    func start() throws {
        let server = try LimiterServer(address: .unixSocket(path: socket), sets: sets, logger: logger)
        current.withLock { $0 = server }
        starts.continuation.yield(server)
    }

    func stop() { current.withLock { $0?.beginGracefulShutdown() } }

    /// Until cancelled.
    func run() async throws {
        for await server in starts.stream { try await server.run() }
    }
}
