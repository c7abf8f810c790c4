import Glibc
import KubernetesClient
import NIOCore
import NIOPosix
import NetTypes
import ServiceLifecycle

/// A way to the API server from inside a namespace: a socket that listens there on 127.0.0.1 and belongs to this process,
/// which passes on what comes. So no wire leads from the lab to this machine's own network.
struct APIDoor: Sendable {
    let namespace: LabNamespace
    /// The same inside and outside, so that one kubeconfig serves everywhere.
    let port: UInt16

    /// Runs until cancelled.
    func run() async throws {
        let port = port
        let descriptor = try await namespace.onThread { try Self.listen(port) }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { inside in Self.connect(inside, port: port) }
            .withBoundSocket(descriptor).get()
        await withTaskCancellationHandler {
            // Closed by the handler below; how it closed says nothing.
            try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        try Task.checkCancellation()
    }

    private static func connect(_ inside: any Channel, port: UInt16) -> EventLoopFuture<Void> {
        ClientBootstrap(group: inside.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: Int(port))
            .flatMap { outside in
                inside.eventLoop.makeCompletedFuture {
                    let (a, b) = PassingOn.pair()
                    try inside.pipeline.syncOperations.addHandler(a)
                    try outside.pipeline.syncOperations.addHandler(b)
                }
            }
    }

    private static func listen(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LabError("cannot open a socket: \(String(cString: strerror(errno)))") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = SocketAddress.with(.v4(127, 0, 0, 1), port) { Glibc.bind(descriptor, $0, $1) }
        guard bound == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw LabError("cannot listen on 127.0.0.1:\(port) in a node's namespace: \(reason)")
        }
        return descriptor
    }
}

/// One end of a connection, which hands everything to the other end. Both live on one event loop.
private final class PassingOn: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny
    typealias OutboundOut = NIOAny

    private var partner: PassingOn?
    private var context: ChannelHandlerContext?
    private var hasPendingRead = false

    static func pair() -> (PassingOn, PassingOn) {
        let (a, b) = (PassingOn(), PassingOn())
        a.partner = b
        b.partner = a
        return (a, b)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        partner = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { partner?.context?.write(data, promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) { partner?.context?.flush() }
    func channelInactive(context: ChannelHandlerContext) { partner?.context?.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            partner?.context?.close(mode: .output, promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { partner?.readIfWaiting() }
    }

    /// Reads no faster than the other end takes.
    func read(context: ChannelHandlerContext) {
        if partner?.context?.channel.isWritable ?? true {
            context.read()
        } else {
            hasPendingRead = true
        }
    }

    private func readIfWaiting() {
        guard hasPendingRead else { return }
        hasPendingRead = false
        context?.read()
    }
}
