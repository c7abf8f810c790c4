import NIOCore
import NIOHTTP2

/// Ends an HTTP/2 connection when the server stops: GOAWAY first, then the streams that are open, then the connection.
final class HTTP2Drain: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How long a stream that was on its way when the client had not read GOAWAY yet may take to arrive.
    private static let grace = TimeAmount.milliseconds(100)

    private var openStreams: Set<HTTP2StreamID> = []
    private var isDraining = false
    private var isGraceOver = false

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2StreamCreatedEvent: openStreams.insert(event.streamID)
        case let event as StreamClosedEvent:
            openStreams.remove(event.streamID)
            closeIfDone(context)
        case is ChannelShouldQuiesceEvent: drain(context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func drain(_ context: ChannelHandlerContext) {
        guard !isDraining else { return }
        isDraining = true
        let farewell = HTTP2Frame(
            streamID: .rootStream, payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
        context.writeAndFlush(wrapOutboundOut(farewell), promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.grace) {
            self.isGraceOver = true
            self.closeIfDone(context)
        }
    }

    private func closeIfDone(_ context: ChannelHandlerContext) {
        guard isGraceOver, openStreams.isEmpty else { return }
        // After what the last stream has written.
        let channel = context.channel
        context.eventLoop.execute { channel.close(promise: nil) }
    }
}
