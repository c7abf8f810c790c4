package import NIOCore
import NIOPosix

/// A server that answers each request with exactly the bytes the test wants, in exactly the pieces: for clients that
/// must survive what no well-behaved library would send. One request per connection.
package struct ScriptedServer: Sendable {
    package struct Request: Sendable {
        package var method: String
        package var target: String
        /// Names in lower case.
        package var headers: [String: String]
        package var body: String

        package var path: String { String(target.prefix { $0 != "?" }) }

        /// As it stands in the URL, still encoded.
        package func query(_ name: String) -> String? {
            let items = target.drop { $0 != "?" }.dropFirst().split(separator: "&")
            return items.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
        }
    }

    package struct Reply: Sendable {
        let channel: any Channel

        /// One write to the socket.
        package func bytes(_ text: String) async throws { try await bytes(Array(text.utf8)) }
        package func bytes(_ bytes: [UInt8]) async throws {
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        }

        /// A whole answer.
        package func json(_ text: String, status: String = "200 OK", headers: [String] = []) async throws {
            let lines =
                ["HTTP/1.1 \(status)", "Content-Type: application/json", "Content-Length: \(text.utf8.count)"]
                + headers + ["Connection: close", "", text]
            try await bytes(lines.joined(separator: "\r\n"))
        }

        /// The head of an answer without an end, to be followed by `chunk`s.
        package func streamHead() async throws {
            try await bytes(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                    + "Connection: close\r\n\r\n")
        }

        package func chunk(_ bytes: some Collection<UInt8>) async throws {
            guard !bytes.isEmpty else { return }
            try await self.bytes(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
        }

        package func chunk(_ text: String) async throws { try await chunk(Array(text.utf8)) }
        package func streamEnd() async throws { try await bytes("0\r\n\r\n") }

        /// Says nothing until the test is over.
        package func hang() async throws { try await Task.sleep(for: .seconds(3600)) }
    }

    /// `handler` answers one request; when it returns or throws, the connection closes. `prepare` may add TLS.
    package static func run<Result: Sendable>(
        prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
        _ handler: @escaping @Sendable (Request, Reply) async throws -> Void,
        _ body: @escaping @Sendable (_ port: Int) async throws -> Result
    ) async throws -> Result {
        let (connections, accepted) = AsyncStream<Connection>.makeStream()
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare(channel)
                    let (inbound, received) = AsyncStream<ByteBuffer>.makeStream()
                    try channel.pipeline.syncOperations.addHandler(Receiver(received: received))
                    accepted.yield(Connection(channel: channel, inbound: inbound))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await serve(connections, handler) }
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(port))
            } catch {
                result = .failure(error)
            }
            try await server.close()
            accepted.finish()
            try await group.waitForAll()
            return try result.get()
        }
    }

    /// Not `NIOAsyncChannel`: that traps when a connection is accepted while the server is about to close.
    private struct Connection: Sendable {
        var channel: any Channel
        var inbound: AsyncStream<ByteBuffer>
    }

    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let received: AsyncStream<ByteBuffer>.Continuation

        init(received: AsyncStream<ByteBuffer>.Continuation) { self.received = received }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { received.yield(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { received.finish() }
        // A client that goes away in the middle is part of the test.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    private static func serve(
        _ connections: AsyncStream<Connection>,
        _ handler: @escaping @Sendable (Request, Reply) async throws -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            for await connection in connections {
                group.addTask {
                    try? await serve(connection, handler)
                    try? await connection.channel.close()
                }
            }
            group.cancelAll()
        }
    }

    private static func serve(
        _ connection: Connection, _ handler: @escaping @Sendable (Request, Reply) async throws -> Void
    ) async throws {
        var received: [UInt8] = []
        for await part in connection.inbound {
            received += part.readableBytesView
            if let request = Request(received) {
                return try await handler(request, Reply(channel: connection.channel))
            }
        }
    }
}

extension ScriptedServer.Request {
    /// `nil` while bytes are missing.
    fileprivate init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
        }
        let body = String(text[end.upperBound...])
        guard body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        self.init(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }
}
