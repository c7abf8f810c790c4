import Glibc
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
package import Netlink
package import ServiceRules
import Synchronization

/// Answers load balancers at each Service's `healthCheckNodePort`: 200 where this node has ready endpoints of it, else 503.
package actor HealthCheckServers {
    private let namespace: NetworkNamespace?
    private let logger: Logger
    private let answers = HealthAnswers()
    private var servers: [UInt16: any Channel] = [:]
    /// Ports that could not be opened, with why: tried again with every change.
    package private(set) var failures: [UInt16: String] = [:]

    package init(namespace: NetworkNamespace?, logger: Logger) {
        self.namespace = namespace
        self.logger = logger
    }

    /// Whether this node's rules follow the cluster, as every answer says.
    package nonisolated func proxyIs(healthy: Bool) { answers.proxyIs(healthy: healthy) }

    /// Serves these checks and no others. Where two Services name one port, the first by name has it.
    package func serve(_ checks: [ServiceID: HealthCheck]) async {
        var wanted: [UInt16: (ServiceID, Int)] = [:]
        for (service, check) in checks.sorted(by: { $0.key < $1.key }) where wanted[check.port] == nil {
            wanted[check.port] = (service, check.localEndpoints)
        }
        answers.replace(wanted)
        for (port, server) in servers where wanted[port] == nil {
            servers[port] = nil
            // It is gone either way.
            try? await server.close()
        }
        failures = failures.filter { wanted[$0.key] != nil }
        for port in wanted.keys.sorted() where servers[port] == nil { await open(port) }
    }

    package func stop() async { await serve([:]) }

    private func open(_ port: UInt16) async {
        do {
            servers[port] = try await listen(port)
            failures[port] = nil
        } catch {
            failures[port] = "\(error)"
            logger.warning(
                "a load balancer's health checks cannot be answered",
                metadata: ["port": "\(port)", "error": "\(error)"])
        }
    }

    private func listen(_ port: UInt16) async throws -> any Channel {
        let socket: Int32
        if let namespace {
            socket = try await namespace.run { try ListeningSocket.open(port: port) }
        } else {
            socket = try ListeningSocket.open(port: port)
        }
        let answers = answers
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(HealthCheckHandler(port: port, answers: answers))
                }
            }
            .withBoundSocket(socket).get()
    }
}

/// The present answers, by port.
final class HealthAnswers: Sendable {
    private struct State {
        var services: [UInt16: (ServiceID, Int)] = [:]
        var isProxyHealthy = true
    }

    private let state = Mutex(State())

    func replace(_ services: [UInt16: (ServiceID, Int)]) { state.withLock { $0.services = services } }

    func proxyIs(healthy: Bool) { state.withLock { $0.isProxyHealthy = healthy } }

    func answer(at port: UInt16) -> HealthCheckAnswer? {
        state.withLock { state in
            state.services[port].map {
                HealthCheckAnswer(service: $0.0, localEndpoints: $0.1, isProxyHealthy: state.isProxyHealthy)
            }
        }
    }
}

private final class HealthCheckHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let port: UInt16
    private let answers: HealthAnswers

    init(port: UInt16, answers: HealthAnswers) {
        self.port = port
        self.answers = answers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let answer = answers.answer(at: port)
        let body = context.channel.allocator.buffer(string: answer?.body ?? "")
        var headers = HTTPHeaders(answer?.headers ?? [])
        headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        headers.add(name: "Connection", value: "close")
        let status = HTTPResponseStatus(statusCode: answer?.status ?? 503)
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// A TCP socket of the calling thread's namespace, bound to every address of both families.
enum ListeningSocket {
    static func open(port: UInt16) throws(KernelError) -> Int32 {
        // A machine without IPv6 has IPv4 only.
        if let both = try open(AF_INET6, port) { return both }
        guard let one = try open(AF_INET, port) else { throw failure(port, EAFNOSUPPORT) }
        return one
    }

    private static func open(_ family: Int32, _ port: UInt16) throws(KernelError) -> Int32? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0, errno == EAFNOSUPPORT { return nil }
        guard descriptor >= 0 else { throw failure(port, errno) }
        var (yes, no): (Int32, Int32) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound: Int32
        if family == AF_INET6 {
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &no, socklen_t(MemoryLayout<Int32>.size))
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            bound = bindSocket(descriptor, &address)
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            bound = bindSocket(descriptor, &address)
        }
        if bound == 0 { return descriptor }
        let code = errno
        close(descriptor)
        if family == AF_INET6, code == EADDRNOTAVAIL { return nil }
        throw failure(port, code)
    }

    private static func bindSocket<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafeBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return bind(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    private static func failure(_ port: UInt16, _ code: Int32) -> KernelError {
        KernelError("open the health check port \(port)", code: code)
    }
}
