import Foundation
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

/// An HTTP/2 connection, with prior knowledge or over TLS with ALPN.
struct HTTP2Connection {
    typealias Stream = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private let multiplexer: NIOHTTP2Handler.AsyncStreamMultiplexer<Never>
    private let isSecure: Bool

    /// Connects to 127.0.0.1, gives the connection to `body`, and closes it.
    static func open<Result>(
        port: UInt16, serverName: String? = nil, tls: TLSConfiguration? = nil,
        _ body: (HTTP2Connection) async throws -> Result
    ) async throws -> Result {
        var configuration = tls
        configuration?.applicationProtocols = ["h2"]
        let context = try configuration.map { try NIOSSLContext(configuration: $0) }
        let (channel, multiplexer) = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    let multiplexer = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(mode: .client) {
                        (stream: any Channel) -> EventLoopFuture<Never> in
                        // No server pushes to a client that has not asked for it.
                        stream.close().flatMap { stream.eventLoop.makeFailedFuture(PushedStream()) }
                    }
                    return (channel, multiplexer)
                }
            }
        let connection = HTTP2Connection(multiplexer: multiplexer, isSecure: tls != nil)
        do {
            let result = try await body(connection)
            try? await channel.close().get()  // The server may have closed already.
            return result
        } catch {
            try? await channel.close().get()  // As above.
            throw error
        }
    }

    struct PushedStream: Error {}

    func openStream() async throws -> Stream {
        let isSecure = isSecure
        return try await multiplexer.openStream { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(
                    HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: isSecure ? .https : .http))
                return try Stream(wrappingChannelSynchronously: stream)
            }
        }
    }

    /// Sends a request on a stream of its own and gives the whole answer.
    func send(
        _ method: String, _ target: String, host: String, headers: [(String, String)] = [],
        body: ByteBuffer? = nil
    ) async throws -> (answer: HTTPConnection.Answer, bytes: ByteBuffer, trailers: HTTPHeaders?) {
        try await openStream().executeThenClose { inbound, outbound in
            try await outbound.write(.head(Self.head(method, target, host: host, headers: headers)))
            if let body { try await outbound.write(.body(.byteBuffer(body))) }
            try await outbound.write(.end(nil))
            var answer = HTTPConnection.Answer(status: 0, headers: [:], body: "")
            var bytes = ByteBuffer()
            for try await part in inbound {
                switch part {
                case .head(let head):
                    answer.status = Int(head.status.code)
                    answer.headers = head.headers
                case .body(let more): bytes.writeImmutableBuffer(more)
                case .end(let trailers):
                    answer.body = String(buffer: bytes)
                    return (answer, bytes, trailers)
                }
            }
            throw HTTPConnection.ClosedEarly()
        }
    }

    static func head(
        _ method: String, _ target: String, host: String, headers: [(String, String)] = []
    ) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http2, method: HTTPMethod(rawValue: method), uri: target)
        head.headers.add(name: "host", value: host)
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        return head
    }
}
