import NIOCore

/// Looks at a connection's first bytes: HTTP/2's preface (RFC 9113 section 3.4), or else HTTP/1.1.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Verdict: Equatable {
        case undecided
        case http1
        case http2
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private var received: ByteBuffer?
    private let configure: (ChannelHandlerContext, Verdict) throws -> Void

    /// - Parameter configure: Adds the protocol's handlers at the pipeline's end.
    init(configure: @escaping (ChannelHandlerContext, Verdict) throws -> Void) {
        self.configure = configure
    }

    static func verdict(_ bytes: some Collection<UInt8>) -> Verdict {
        guard preface.starts(with: bytes.prefix(preface.count)) else { return .http1 }
        return bytes.count < preface.count ? .undecided : .http2
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = received ?? ByteBuffer()
        bytes.writeImmutableBuffer(unwrapInboundIn(data))
        received = bytes
        let verdict = Self.verdict(bytes.readableBytesView)
        guard verdict != .undecided else { return }
        do {
            try configure(context, verdict)
        } catch {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nothing was asked yet, so nothing is cut.
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
