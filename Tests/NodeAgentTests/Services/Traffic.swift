import Foundation
import NIOCore
import NIOPosix
import NetTypes
import Netlink
import ServiceRules

/// What a client saw.
enum Outcome: Hashable, CustomStringConvertible {
    /// Who answered, and the client's address as it saw it.
    case answered(by: String, seen: String)
    case refused
    case silence

    var description: String {
        switch self {
        case .answered(let server, let seen): "\(server) saw \(seen)"
        case .refused: "refused"
        case .silence: "silence"
        }
    }

    var server: String? {
        if case .answered(let server, _) = self { server } else { nil }
    }
}

/// Answers every TCP connection and UDP datagram with its name and the client's address, on port 8080 of both families.
struct NamedServer: Sendable {
    private let channels: [any Channel]

    init(_ name: String, in namespace: NetworkNamespace, port: UInt16 = 8080) async throws {
        let listening = try await namespace.run { try Self.socket(Int32(SOCK_STREAM.rawValue), port) }
        let datagrams = try await namespace.run { try Self.socket(Int32(SOCK_DGRAM.rawValue), port) }
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Greeter(name: name))
                }
            }
            .withBoundSocket(listening).get()
        let echo = try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(name: name))
                }
            }
            .withBoundSocket(datagrams).get()
        channels = [server, echo]
    }

    func stop() async { for channel in channels { try? await channel.close() } }

    private static func socket(_ kind: Int32, _ port: UInt16) throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET6, kind | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        let bound = withUnsafeBytes(of: &address) {
            bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
        }
        guard bound == 0 else { throw CommandFailed(text: "bind: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    static func text(_ address: SocketAddress?) -> String {
        (address?.ipAddress ?? "").replacingOccurrences(of: "::ffff:", with: "")
    }
}

private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    let name: String
    init(name: String) { self.name = name }

    /// Answers line by line, so that one connection may go on for long.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = "\(name) \(NamedServer.text(context.remoteAddress))\n"
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: text)), promise: nil)
    }
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    let name: String
    init(name: String) { self.name = name }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let client = unwrapInboundIn(data).remoteAddress
        let text = context.channel.allocator.buffer(string: "\(name) \(NamedServer.text(client))\n")
        context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: client, data: text)), promise: nil)
    }
}

/// A client's socket, opened inside a namespace; calls block for as long as its patience lasts.
struct Client: Sendable {
    let descriptor: Int32

    /// `nil` where the connection was refused (`false`) or never answered (`true`).
    static func open(
        _ transport: TransportProtocol, to endpoint: String, _ port: UInt16, patience: Duration, localPort: UInt16 = 0
    ) throws -> Result<Client, Silence> {
        guard let address = IPAddress(endpoint) else { throw CommandFailed(text: endpoint) }
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let descriptor = socket(
            family, Int32((transport == .udp ? SOCK_DGRAM : SOCK_STREAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let milliseconds = patience / .milliseconds(1)
        var time = timeval(tv_sec: Int(milliseconds) / 1000, tv_usec: Int(milliseconds) % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if localPort != 0 {
            _ = with(address.family == .v4 ? .v4(0, 0, 0, 0) : IPAddress("::"), localPort) { bind(descriptor, $0, $1) }
        }
        guard with(address, port, { connect(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            return .failure(Silence(isRefusal: code == ECONNREFUSED))
        }
        return .success(Client(descriptor: descriptor))
    }

    struct Silence: Error { var isRefusal: Bool }

    func ask() -> Outcome {
        guard send(descriptor, "x\n", 2, Int32(truncatingIfNeeded: 0x4000)) == 2 else {
            return errno == ECONNREFUSED ? .refused : .silence
        }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return errno == ECONNREFUSED && count < 0 ? .refused : .silence }
        let words = String(decoding: buffer[..<count], as: UTF8.self).split { $0 == " " || $0 == "\n" }
        return .answered(by: String(words[0]), seen: String(words[1]))
    }

    func end() { close(descriptor) }

    private static func with(
        _ address: IPAddress?, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        guard let address else { return -1 }
        if address.family == .v4 {
            var raw = sockaddr_in()
            raw.sin_family = sa_family_t(AF_INET)
            raw.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: address.bytes) }
            return withUnsafePointer(to: &raw) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var raw = sockaddr_in6()
        raw.sin6_family = sa_family_t(AF_INET6)
        raw.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &raw.sin6_addr) { $0.copyBytes(from: address.bytes) }
        return withUnsafePointer(to: &raw) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}

extension NetworkNamespace {
    /// Opens a connection, asks once, closes.
    func ask(
        _ address: String, _ port: UInt16, udp: Bool = false, patience: Duration = .milliseconds(1500),
        localPort: UInt16 = 0
    ) async throws -> Outcome {
        try await run {
            switch try Client.open(
                udp ? .udp : .tcp, to: address, port, patience: patience, localPort: localPort)
            {
            case .failure(let silence): return silence.isRefusal ? .refused : .silence
            case .success(let client):
                defer { client.end() }
                return client.ask()
            }
        }
    }

    func ask(_ address: String, _ port: UInt16, times: Int) async throws -> Set<Outcome> {
        var outcomes: Set<Outcome> = []
        for _ in 0..<times { outcomes.insert(try await ask(address, port)) }
        return outcomes
    }

    func silence(_ address: String, _ port: UInt16) async throws -> Outcome {
        try await ask(address, port, patience: .milliseconds(250))
    }
}
