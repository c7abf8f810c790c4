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
    }

    struct ClosedEarly: Error {}

    private typealias Channel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>

    /// Connects to 127.0.0.1, gives the connection to `body`, and closes it.
    static func open<Result: Sendable>(
        port: UInt16, serverName: String? = nil, tls: TLSConfiguration? = nil,
        _ body: (inout HTTPConnection) async throws -> Result
    ) async throws -> Result {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler, name: "tls")
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(
                        leftOverBytesStrategy: .dropBytes, enableOutboundHeaderValidation: false)
                    return try Channel(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = HTTPConnection(
                inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&connection)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    mutating func send(
        _ method: String = "GET", _ target: String, host: String, headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: target)
        head.headers.add(name: "host", value: host)
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if let body { head.headers.add(name: "content-length", value: String(body.utf8.count)) }
        try await outbound.write(.head(head))
        if let body { try await outbound.write(.body(.byteBuffer(ByteBuffer(string: body)))) }
        try await outbound.write(.end(nil))
        return try await receive()
    }

    private mutating func receive() async throws -> Answer {
        var answer: Answer?
        while let part = try await inbound.next() {
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
