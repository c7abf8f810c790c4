import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL
import NIOTLS

/// Lays out a connection's handlers.
struct EchoPipeline: Sendable {
    /// Names of what an upgrade takes away, in the order of the pipeline.
    static let http1Handlers = ["http1.decoder", "http1.encoder", "http1.pipelining", "http1.errors", "http1.echo"]
    private static let windowSize = 1 << 20

    let core: EchoCore

    /// For a plain connection.
    func setUp(_ channel: any Channel) throws {
        core.connections.add(channel)
        try channel.pipeline.syncOperations.addHandler(
            ProtocolSniffer { context, verdict in
                let connection = core.connection(of: context.channel, tls: nil)
                switch verdict {
                case .http2: try addHTTP2(context.channel, connection)
                case .http1, .undecided: try addHTTP1(context.channel, connection)
                }
            })
    }

    /// For a connection that begins with TLS: first the name the client asks for, then the handshake, then ALPN.
    func setUpTLS(_ channel: any Channel, _ tls: NIOSSLContext) throws {
        core.connections.add(channel)
        let sniHandler = SNIHandler { result in
            let name: String? = if case .hostname(let name) = result { name } else { nil }
            return channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandlers([
                    NIOSSLServerHandler(context: tls), ALPNHandler(pipeline: self, sni: name),
                ])
            }
        }
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(sniHandler))
    }

    fileprivate func addHTTP1(_ channel: any Channel, _ connection: EchoConnection) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let names = Self.http1Handlers
        try pipeline.addHandler(decoder, name: names[0])
        try pipeline.addHandler(HTTPResponseEncoder(), name: names[1])
        try pipeline.addHandler(HTTPServerPipelineHandler(), name: names[2])
        try pipeline.addHandler(HTTPServerProtocolErrorHandler(), name: names[3])
        try pipeline.addHandler(EchoHandler(core: core, connection: connection, isHTTP2: false), name: names[4])
    }

    fileprivate func addHTTP2(_ channel: any Channel, _ connection: EchoConnection) throws {
        var connectionConfiguration = NIOHTTP2Handler.ConnectionConfiguration()
        connectionConfiguration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 1000),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 128 << 10),
            HTTP2Setting(parameter: .initialWindowSize, value: Self.windowSize),
        ]
        connectionConfiguration.targetWindowSize = Self.windowSize
        var streamConfiguration = NIOHTTP2Handler.StreamConfiguration()
        streamConfiguration.targetWindowSize = Self.windowSize
        streamConfiguration.outboundBufferSizeHighWatermark = 256 << 10
        streamConfiguration.outboundBufferSizeLowWatermark = 64 << 10
        // A load test's client may reset as many streams as it likes.
        streamConfiguration.streamResetFrameRateLimit.maximumCount = 1_000_000
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server, connectionConfiguration: connectionConfiguration,
            streamConfiguration: streamConfiguration
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTP1ServerCodec(),
                    EchoHandler(core: core, connection: connection, isHTTP2: true),
                ])
            }
        }
        try pipeline.addHandler(HTTP2Drain())
    }
}

/// Waits for the handshake, then adds the protocol that was agreed on.
private final class ALPNHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let pipeline: EchoPipeline
    private let sni: String?

    init(pipeline: EchoPipeline, sni: String?) {
        self.pipeline = pipeline
        self.sni = sni
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let alpn):
            do {
                try handshakeCompleted(alpn, context)
            } catch {
                context.close(promise: nil)
            }
        case is ChannelShouldQuiesceEvent: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func handshakeCompleted(_ alpn: String?, _ context: ChannelHandlerContext) throws {
        let version = try context.pipeline.syncOperations.nioSSL_tlsVersion()
        let connection = pipeline.core.connection(
            of: context.channel, tls: .init(version: version.map(Self.text), sni: sni, alpn: alpn))
        if alpn == "h2" {
            try pipeline.addHTTP2(context.channel, connection)
        } else {
            try pipeline.addHTTP1(context.channel, connection)
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private static func text(_ version: TLSVersion) -> String {
        switch version {
        case .tlsv1: "1.0"
        case .tlsv11: "1.1"
        case .tlsv12: "1.2"
        case .tlsv13: "1.3"
        @unknown default: "unknown"
        }
    }
}
