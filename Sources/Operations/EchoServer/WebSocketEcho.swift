import Crypto
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// RFC 6455's opening handshake, on any request of a connection.
///
/// NIO's own upgrade handler watches only a connection's first request; proxies upgrade on connections in use too.
struct WebSocketHandshake {
    private static let keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    private static let longestFrame = 16 << 20

    private let request: HTTPRequestHead
    private let key: String

    /// `nil` when the request does not ask for a WebSocket.
    init?(_ request: HTTPRequestHead) {
        guard request.method == .GET,
            request.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            let key = request.headers.first(name: "sec-websocket-key")
        else { return nil }
        self.request = request
        self.key = key
    }

    private var response: HTTPHeaders {
        let digest = Insecure.SHA1.hash(data: Data((key + Self.keySuffix).utf8))
        return [
            "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": Data(digest).base64EncodedString(),
        ]
    }

    /// Answers 101 and turns the pipeline from HTTP to frames.
    func upgrade(_ context: ChannelHandlerContext, core: EchoCore) {
        var headers = response
        headers.add(name: "x-echo-server", value: core.identityName)
        if let offered = request.headers[canonicalForm: "sec-websocket-protocol"].first {
            headers.add(name: "sec-websocket-protocol", value: String(offered))
        }
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandler(WebSocketFrameEncoder())
            try pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.longestFrame)))
            try pipeline.addHandler(WebSocketEchoHandler())
            let connection = context.channel
            for name in EchoPipeline.http1Handlers.reversed() {
                // The decoder comes last: it hands over what it has read beyond the handshake.
                pipeline.removeHandler(name: name).whenFailure { _ in connection.close(promise: nil) }
            }
        } catch {
            context.close(promise: nil)
        }
    }
}

/// Sends every message back as it came.
final class WebSocketEchoHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text, .binary, .continuation:
            send(WebSocketFrame(fin: frame.fin, opcode: frame.opcode, data: frame.unmaskedData), context)
        case .ping: send(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData), context)
        case .connectionClose:
            close(WebSocketFrame(fin: true, opcode: .connectionClose, data: frame.unmaskedData), context)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        var reason = ByteBuffer()
        reason.write(webSocketErrorCode: .goingAway)
        close(WebSocketFrame(fin: true, opcode: .connectionClose, data: reason), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func send(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        // At once: what came right behind the handshake is handed over without a "read complete".
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    private func close(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(frame), promise: written)
    }
}
