import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP/1.1 connection that sends what a test says, byte for byte where it matters: the target is not normalised, the
/// Host header is whatever the test wants, and the server name of TLS is independent of it.
struct HTTPConnection {
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: String

        /// What a backend says it received; `nil` for anybody else's answer.
        var echo: Echo? { try? JSONDecoder().decode(Echo.self, from: Data(body.utf8)) }
    }

    struct ClosedEarly: Error {}

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    private let channel: any Channel

    /// Connects to 127.0.0.1, gives the connection to `body`, and closes it.
    static func open<Result>(
        port: UInt16, serverName: String? = nil, tls: TLSConfiguration? = nil,
        _ body: (inout HTTPConnection) async throws -> Result
    ) async throws -> Result {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler, name: "tls")
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(
                        leftOverBytesStrategy: .dropBytes, enableOutboundHeaderValidation: false)
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        let channel = connection.channel
        return try await connection.executeThenClose { inbound, outbound in
            var connection = HTTPConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound, channel: channel)
            return try await body(&connection)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>, channel: any Channel
    ) {
        self.inbound = inbound
        self.outbound = outbound
        self.channel = channel
    }

    /// What the server's side of TLS showed; after the first answer.
    var peerCertificate: NIOSSLCertificate? {
        get async throws { try await channel.nioSSL_peerCertificate().get() }
    }

    mutating func send(
        _ method: String, _ target: String, host: String, headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        var headers = headers
        if let body { headers.append(("content-length", String(body.utf8.count))) }
        try await begin(method, target, host: host, headers: headers)
        if let body { try await write(ByteBuffer(string: body)) }
        try await end()
        return try await receive()
    }

    func begin(_ method: String, _ target: String, host: String, headers: [(String, String)] = []) async throws {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target)
        head.headers.add(name: "host", value: host)
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        try await outbound.write(.head(head))
    }

    func write(_ bytes: ByteBuffer) async throws { try await outbound.write(.body(.byteBuffer(bytes))) }

    func end() async throws { try await outbound.write(.end(nil)) }

    /// The next part of an answer that is read as it comes; `nil` when the server has closed.
    mutating func nextPart() async throws -> HTTPClientResponsePart? { try await inbound.next(isolation: #isolation) }

    mutating func receive() async throws -> Answer {
        var answer: Answer?
        while let part = try await inbound.next(isolation: #isolation) {
            switch part {
            case .head(let head):
                // 1xx answers precede the real one.
                if head.status.code >= 200 {
                    answer = Answer(status: Int(head.status.code), headers: head.headers, body: "")
                }
            case .body(let bytes):
                answer?.body += String(buffer: bytes)
            case .end:
                if let answer { return answer }
            }
        }
        throw ClosedEarly()
    }
}
