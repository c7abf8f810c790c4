import Logging
import RateLimitService
import RateLimiter
import Synchronization
import TestSupport

/// One limiter on a unix socket, which may be stopped and started again with its sets and counters.
final class LimiterPart: Sendable {
    let sets: LimitSetHolder
    let socket: String
    private let logger: Logger
    private let starts = AsyncStream.makeStream(of: LimiterServer.self)
    private let current = Mutex<LimiterServer?>(nil)
    private let running = Mutex(0)

    init(_ counters: any CounterStore, socket: String, _ logger: Logger) {
        self.socket = socket
        self.logger = logger
        sets = LimitSetHolder(limiter: RateLimiter(counters: counters, logger: logger), logger: logger)
    }

    func start() throws {
        let server = try LimiterServer(address: .unixSocket(path: socket), sets: sets, logger: logger)
        current.withLock { $0 = server }
        running.withLock { $0 += 1 }
        starts.continuation.yield(server)
    }

    func stop() { current.withLock { $0?.beginGracefulShutdown() } }

    func waitUntilStopped() async throws {
        try await eventually("the limiter has stopped") { running.withLock { $0 } == 0 }
    }

    /// Until cancelled.
    func run() async throws {
        for await server in starts.stream {
            try await server.run()
            running.withLock { $0 -= 1 }
        }
    }
}
