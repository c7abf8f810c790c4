import Glibc
import NIOCore
import NIOHTTP1

/// Answers the requests of one HTTP/1.1 connection, or the one request of an HTTP/2 stream.
final class EchoHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    let core: EchoCore
    let connection: EchoConnection
    let isHTTP2: Bool
    private var request: HTTPRequestHead?
    private var requestOnConnection = 0
    private var behavior = EchoBehavior(answer: .description)
    private var body: ReceivedBody
    /// What goes on by itself until the answer is complete.
    var ongoing: OngoingAnswer?
    var timer: Scheduled<Void>?
    private var heldRead = false

    init(core: EchoCore, connection: EchoConnection, isHTTP2: Bool) {
        self.core = core
        self.connection = connection
        self.isHTTP2 = isHTTP2
        body = ReceivedBody(limit: core.longestBodyText)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let chunk):
            switch behavior.answer {
            case .sameBody, .grpc: context.write(wrapOutboundOut(.body(.byteBuffer(chunk))), promise: nil)
            default: body.append(chunk)
            }
        case .end: requestEnded(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
        context.fireChannelReadComplete()
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        core.countRequest()
        requestOnConnection = connection.countRequest()
        request = head
        body = ReceivedBody(limit: core.longestBodyText)
        behavior = EchoBehavior(
            uri: head.uri, contentType: head.headers.first(name: "content-type"),
            grpcStatus: head.headers.first(name: "echo-grpc-status"))
        switch behavior.answer {
        case .sameBody:
            let type = head.headers.first(name: "content-type") ?? "application/octet-stream"
            write(head: .init(statusCode: behavior.status), ["content-type": type], context)
        case .grpc:
            write(head: .ok, ["content-type": head.headers.first(name: "content-type") ?? "application/grpc"], context)
        default: break
        }
    }

    private func requestEnded(_ context: ChannelHandlerContext) {
        if let request, !isHTTP2, let handshake = WebSocketHandshake(request) {
            handshake.upgrade(context, core: core)
            return
        }
        guard behavior.delay > .zero else {
            answer(context)
            return
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: behavior.delay) {
            self.answer(context)
            context.flush()
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let request else { return }
        switch behavior.answer {
        case .description:
            let document = EchoDocument(
                identity: core.identityJSON, request: request, body: body, connection: connection,
                requestOnConnection: requestOnConnection)
            respond(document.bytes, type: "application/json", context)
        case .bodySummary: respond(EchoDocument.summary(body), type: "application/json", context)
        case .health:
            if core.isStopping { behavior.status = 503 }
            respond(ByteBuffer(string: core.isStopping ? "stopping\n" : "ok\n"), type: "text/plain", context)
        case .bytes(let count):
            write(
                head: .init(statusCode: behavior.status),
                ["content-type": "application/octet-stream", "content-length": "\(count)"], context)
            proceed(.bytes(left: count), context)
        case .drip(let count, let interval):
            write(
                head: .init(statusCode: behavior.status),
                ["content-type": "application/octet-stream", "content-length": "\(count)"], context)
            proceed(.drip(left: count, interval: interval), context)
        case .events(let count, let interval):
            write(head: .ok, ["content-type": "text/event-stream", "cache-control": "no-store"], context)
            proceed(.events(sent: 0, of: count, interval: interval), context)
        case .sameBody: finish(context)
        case .grpc(let status): finish(context, trailers: ["grpc-status": "\(status)"])
        case .reset: reset(context)
        case .silence: break
        }
    }

    private func respond(_ bytes: ByteBuffer, type: String, _ context: ChannelHandlerContext) {
        write(
            head: .init(statusCode: behavior.status),
            ["content-type": type, "content-length": "\(bytes.readableBytes)"], context)
        if request?.method != .HEAD, behavior.status != 204, behavior.status != 304 {
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        }
        finish(context)
    }

    private func write(head status: HTTPResponseStatus, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        var headers = headers
        headers.add(name: "x-echo-server", value: core.identityName)
        if let header = behavior.header { headers.add(name: header.name, value: header.value) }
        if !isHTTP2, closesAfterwards { headers.add(name: "connection", value: "close") }
        if status == .noContent || status == .notModified { headers.remove(name: "content-length") }
        context.write(
            wrapOutboundOut(
                .head(HTTPResponseHead(version: request?.version ?? .http1_1, status: status, headers: headers))),
            promise: nil)
    }

    private var closesAfterwards: Bool { request?.isKeepAlive != true || core.isDraining }

    /// Ends the answer, and the connection if it is its last.
    func finish(_ context: ChannelHandlerContext, trailers: HTTPHeaders? = nil) {
        let closes = !isHTTP2 && closesAfterwards
        ongoing = nil
        timer = nil
        request = nil
        guard closes else {
            context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
            return
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: written)
    }

    var wantsBody: Bool { request?.method != .HEAD }

    private func reset(_ context: ChannelHandlerContext) {
        // With this the kernel sends RST and forgets what is unsent. An HTTP/2 stream is no socket; closing resets it.
        if let socket = context.channel as? any SocketOptionProvider {
            let channel = context.channel
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        } else {
            context.close(promise: nil)
        }
    }
}

extension EchoHandler {
    /// While an echo cannot be sent on, no more is read: the client's pace is the client's.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.read()
        } else {
            heldRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if heldRead {
                heldRead = false
                context.read()
            }
            if case .bytes = ongoing { pump(context) }
        }
        context.fireChannelWritabilityChanged()
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        ongoing = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that went away, or one that does not speak HTTP: its connection is of no more use.
        context.close(promise: nil)
    }
}
