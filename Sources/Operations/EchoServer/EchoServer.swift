import FoundationEssentials
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import TLSMaterial

/// A small server that answers with what it received: for demonstrations, tests and as a backend under load.
///
/// It speaks HTTP/1.1 and HTTP/2 (by preface, or by ALPN over TLS), WebSocket and gRPC, and misbehaves on request; see
/// `EchoBehavior` for the paths and query parameters.
package final class EchoServer: Service {
    private let configuration: EchoConfiguration
    private let logger: Logger
    private let core: EchoCore
    private let stopRequests: AsyncStream<Void>
    private let stopRequester: AsyncStream<Void>.Continuation

    package init(configuration: EchoConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        core = EchoCore(configuration)
        (stopRequests, stopRequester) = AsyncStream.makeStream()
    }

    /// Requests received since the start.
    package var requestCount: Int { core.requestCount }

    /// Connections that are open now.
    package var connectionCount: Int { core.connections.count }

    /// Stops accepting, finishes what is in flight, and makes `run` return.
    package func stop() { stopRequester.finish() }

    package func run() async throws { try await run { _ in } }

    /// Serves until `stop()`, a graceful shutdown, or cancellation, which cuts what is in flight. To be called once.
    ///
    /// - Parameter onReady: Told the ports once they are open.
    package func run(onReady: @Sendable (EchoPorts) async -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        do {
            let listeners = try await openListeners(group)
            await onReady(listeners.ports)
            await withGracefulShutdownHandler {
                for await _ in stopRequests {}
            } onGracefulShutdown: {
                self.stop()
            }
            await drain(listeners)
        } catch {
            // The first error is the one to tell.
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private struct Listeners {
        var channels: [any Channel] = []
        var ports = EchoPorts()
    }

    private func openListeners(_ group: MultiThreadedEventLoopGroup) async throws -> Listeners {
        let pipeline = EchoPipeline(core: core)
        var listeners = Listeners()
        if let port = configuration.port {
            let channel = try await bind(group, port) { try pipeline.setUp($0) }
            listeners.channels.append(channel)
            listeners.ports.plain = channel.localAddress?.port.flatMap(UInt16.init(exactly:))
        }
        if let port = configuration.tlsPort {
            let context = try tlsContext()
            let channel = try await bind(group, port) { try pipeline.setUpTLS($0, context) }
            listeners.channels.append(channel)
            listeners.ports.tls = channel.localAddress?.port.flatMap(UInt16.init(exactly:))
        }
        return listeners
    }

    private func bind(
        _ group: MultiThreadedEventLoopGroup, _ port: UInt16,
        setUp: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try setUp(channel) }
            }
        do {
            return try await bootstrap.bind(host: configuration.host, port: Int(port)).get()
        } catch {
            throw EchoServerError(
                "cannot listen on \(configuration.host):\(port): \(error); choose another port or address")
        }
    }

    private func tlsContext() throws -> NIOSSLContext {
        let material = try configuration.tls ?? Self.selfSigned()
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(material.certificateChain.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(material.privateKey.utf8), format: .pem)
            var settings = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            settings.applicationProtocols = ["h2", "http/1.1"]
            return try NIOSSLContext(configuration: settings)
        } catch {
            throw EchoServerError("cannot use the certificate and key given for TLS: \(error)")
        }
    }

    private static func selfSigned() throws -> EchoConfiguration.TLS {
        let request = CertificateRequest(
            commonName: "echo", dnsNames: ["localhost", "echo"], ipAddresses: [[127, 0, 0, 1]])
        let issued = try SelfSigned.certificate(request, now: Int64(Date().timeIntervalSince1970))
        return .init(certificateChain: issued.chain, privateKey: issued.key.text)
    }

    private func drain(_ listeners: Listeners) async {
        let clock = ContinuousClock()
        core.beginStopping()
        // Cancelled: then there is no time for any of this, and everything is closed at once.
        try? await clock.sleep(for: configuration.stopDelay)
        for channel in listeners.channels { channel.close(promise: nil) }
        core.beginDraining()
        core.connections.drain()
        let deadline = clock.now + configuration.stopTimeout
        while core.connections.count > 0, clock.now < deadline, !Task.isCancelled {
            try? await clock.sleep(for: .milliseconds(20))
        }
        if core.connections.count > 0 {
            logger.notice("Connections are cut", metadata: ["connections": "\(core.connections.count)"])
        }
        core.connections.close()
    }
}

package struct EchoServerError: Error, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}
