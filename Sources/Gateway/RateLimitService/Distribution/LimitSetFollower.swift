package import DiscoveryServer
import EnvoyAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import Logging
import RateLimiter
import SwiftProtobuf
import Synchronization
import TrafficPlan

/// Keeps a limiter's sets as a controller has them. While the controller is away, what came last stays.
package final class LimitSetFollower: Sendable {
    package struct Configuration: Sendable {
        package var host: String
        package var port: Int
        /// This limiter's certificate and the authority of the controller's; `nil` for plain text.
        package var tls: DiscoveryConfiguration.MutualTLS?
        /// The name in the controller's certificate, where it is not `host`.
        package var serverName: String?
        package var identity: String

        package init(
            host: String, port: Int, tls: DiscoveryConfiguration.MutualTLS? = nil, serverName: String? = nil,
            identity: String
        ) {
            self.host = host
            self.port = port
            self.tls = tls
            self.serverName = serverName
            self.identity = identity
        }
    }

    private typealias Acknowledgement = Fairway_Limits_V1_Acknowledgement
    private static let mostUnacknowledged = 1024
    /// Updates are cut well below this.
    private static let largestUpdate = 8 << 20
    private static let delays: [Duration] = [.milliseconds(100), .milliseconds(300), .seconds(1), .seconds(2)]

    private let configuration: Configuration
    private let sets: LimitSetHolder
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var isSynced = false
        var isConnected = false
        var failures = 0
        var outbox: AsyncStream<Acknowledgement>.Continuation?
        /// Told in the next acknowledgement, whenever that is; bounded.
        var refusals: [RateLimitName] = []
    }

    package init(configuration: Configuration, sets: LimitSetHolder, logger: Logger) {
        self.configuration = configuration
        self.sets = sets
        self.logger = logger
    }

    /// Every set of the controller has come once.
    package var isSynced: Bool { state.withLock { $0.isSynced } }
    package var isConnected: Bool { state.withLock { $0.isConnected } }

    /// Runs until cancelled.
    package func run() async throws {
        try await withGRPCClient(transport: makeTransport()) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.followForever(client) }
                group.addTask { for await name in self.sets.limiter.firstRefusals { self.tell(name) } }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func followForever(_ client: GRPCClient<HTTP2ClientTransport.Posix>) async throws {
        let service = Fairway_Limits_V1_LimitSetService.Client(wrapping: client)
        while !Task.isCancelled {
            do {
                try await follow(service)
                disconnected(because: "the controller ended the stream")
            } catch {
                guard !Task.isCancelled else { return }
                disconnected(because: "\(error)")
            }
            let failures = state.withLock { $0.failures }
            try await Task.sleep(for: Self.delays[min(failures, Self.delays.count) - 1])
        }
    }

    private func follow(
        _ service: Fairway_Limits_V1_LimitSetService.Client<HTTP2ClientTransport.Posix>
    ) async throws {
        let (outbox, continuation) = AsyncStream.makeStream(
            of: Acknowledgement.self, bufferingPolicy: .bufferingNewest(Self.mostUnacknowledged))
        continuation.yield(.with { $0.identity = configuration.identity })
        state.withLock { $0.outbox = continuation }
        defer { continuation.finish() }
        var options = CallOptions.defaults
        options.maxResponseMessageBytes = Self.largestUpdate
        options.waitForReady = false
        try await service.follow(options: options) { writer in
            for await message in outbox { try await writer.write(message) }
        } onResponse: { [self] response in
            var content = FollowedSets()
            for try await update in response.messages {
                take(update, &content)
                acknowledge(update.version)
            }
        }
    }

    private func take(_ update: Fairway_Limits_V1_Update, _ content: inout FollowedSets) {
        let change = content.take(update) { id, reason in
            self.logger.error(
                "a limit set cannot be read", metadata: ["limits.set": "\(id)", "error": "\(reason)"])
        }
        switch change {
        case .partial: return
        case .complete(let all):
            sets.replaceAll(with: all)
            let wasSynced = state.withLock { state in
                defer { (state.isSynced, state.isConnected, state.failures) = (true, true, 0) }
                return state.isSynced
            }
            logger.log(
                level: wasSynced ? .info : .notice, "holds the controller's limits", metadata: ["sets": "\(all.count)"])
        case .delta(let new, let retired):
            sets.install(new)
            sets.retire(retired)
        }
    }

    private func acknowledge(_ version: UInt64) {
        guard version > 0 else { return }
        state.withLock { state in
            let refusals = state.refusals
            state.refusals = []
            state.outbox?.yield(
                .with {
                    $0.version = version
                    $0.firstRefusals = refusals.map(Self.message)
                })
        }
    }

    private func tell(_ name: RateLimitName) {
        state.withLock { state in
            guard state.isConnected, let outbox = state.outbox else {
                if state.refusals.count < 1024 { state.refusals.append(name) }
                return
            }
            outbox.yield(.with { $0.firstRefusals = [Self.message(name)] })
        }
    }

    private static func message(_ name: RateLimitName) -> Fairway_Limits_V1_LimitName {
        .with {
            $0.namespace = name.namespace
            $0.policy = name.policy
            $0.limit = name.limit
        }
    }

    private func disconnected(because reason: String) {
        let wasConnected = state.withLock { state in
            state.failures += 1
            state.outbox = nil
            defer { state.isConnected = false }
            return state.isConnected || state.failures == 1
        }
        if wasConnected {
            logger.warning(
                "no controller; limits stay as they are",
                metadata: [
                    "controller": "\(configuration.host):\(configuration.port)", "reason": "\(reason)",
                ])
        }
    }

    private func makeTransport() throws -> HTTP2ClientTransport.Posix {
        var config = HTTP2ClientTransport.Posix.Config.defaults
        config.connection.keepalive = .init(time: .seconds(20), timeout: .seconds(10), allowWithoutCalls: false)
        config.http2.authority = configuration.serverName
        let target: any ResolvableTarget
        if configuration.host.contains(":") {
            target = .ipv6(address: configuration.host, port: configuration.port)
        } else {
            target = .dns(host: configuration.host, port: configuration.port)
        }
        guard let tls = configuration.tls else {
            return try HTTP2ClientTransport.Posix(target: target, transportSecurity: .plaintext, config: config)
        }
        let security = HTTP2ClientTransport.Posix.TransportSecurity.mTLS(
            certificateChain: [.file(path: tls.certificateChainFile, format: .pem)],
            privateKey: .file(path: tls.privateKeyFile, format: .pem)
        ) { settings in
            settings.trustRoots = .certificates([.file(path: tls.clientAuthorityFile, format: .pem)])
            settings.serverCertificateVerification = .fullVerification
        }
        return try HTTP2ClientTransport.Posix(target: target, transportSecurity: security, config: config)
    }
}
