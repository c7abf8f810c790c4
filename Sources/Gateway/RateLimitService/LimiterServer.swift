package import DiscoveryServer
import EnvoyAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import Logging
import RateLimiter

/// The gRPC edge of a limiter.
package final class LimiterServer: Sendable {
    private let address: DiscoveryConfiguration.Address
    private let tls: DiscoveryConfiguration.MutualTLS?
    private let server: GRPCServer<HTTP2ServerTransport.Posix>
    private let logger: Logger
    private let stopping = AsyncStream.makeStream(of: Void.self)

    /// A question takes milliseconds.
    private static let drainTime: Duration = .milliseconds(500)
    /// A proxy's question: headers of at most 60 KiB and a few words.
    private static let largestQuestion = 256 << 10

    /// - Parameter tls: `nil` only for a unix socket or a loopback address: whoever reaches the port may use up others'
    ///   budgets.
    package init(
        address: DiscoveryConfiguration.Address, tls: DiscoveryConfiguration.MutualTLS? = nil, sets: LimitSetHolder,
        logger: Logger
    ) throws {
        self.address = address
        self.tls = tls
        self.logger = logger
        server = GRPCServer(
            transport: try ServerTransport.make(address, tls: tls, largestRequest: Self.largestQuestion),
            services: [RateLimitService(sets: sets, metrics: ServiceMetrics())])
    }

    /// Serves until it is cancelled or drained.
    package func run() async throws {
        logger.notice("Serving limits", metadata: ["ratelimit.address": "\(address)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [server] in try await server.serve() }
            group.addTask { [stopping] in
                for await _ in stopping.stream {}
                try await Task.sleep(for: Self.drainTime)
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Finishes the questions that it has. Proxies may keep idle connections for ever, so that they are not waited for.
    package func beginGracefulShutdown() {
        server.beginGracefulShutdown()
        stopping.continuation.finish()
    }
}
