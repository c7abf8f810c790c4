import NIOCore
import NIOPosix
import NIOSSL

/// A connection that sends bytes as they are, for requests that no library would write.
struct RawConnection {
    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var unread = ByteBuffer()

    struct ClosedEarly: Error, CustomStringConvertible {
        var read: String
        var description: String { "the server closed after: \(read)" }
    }

    /// Connects to 127.0.0.1, gives the connection to `body`, and closes it.
    static func open<Result>(
        port: UInt16, serverName: String? = nil, tls: TLSConfiguration? = nil,
        _ body: (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            var raw = RawConnection(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            return try await body(&raw)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    func write(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func write(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// Everything up to and with `end`.
    mutating func read(through end: String) async throws -> String {
        while true {
            let text = String(buffer: unread)
            if let range = text.firstRange(of: end) {
                let found = String(text[..<range.upperBound])
                unread.moveReaderIndex(forwardBy: found.utf8.count)
                return found
            }
            guard let more = try await inbound.next(isolation: #isolation) else { throw ClosedEarly(read: text) }
            unread.writeImmutableBuffer(more)
        }
    }

    mutating func read(count: Int) async throws -> [UInt8] {
        while unread.readableBytes < count {
            guard let more = try await inbound.next(isolation: #isolation) else {
                throw ClosedEarly(read: String(buffer: unread))
            }
            unread.writeImmutableBuffer(more)
        }
        return unread.readBytes(length: count) ?? []
    }

    /// Everything until the server closes.
    mutating func readToEnd() async throws -> String {
        do {
            while let more = try await inbound.next(isolation: #isolation) { unread.writeImmutableBuffer(more) }
        } catch {
            // A reset ends it, too.
        }
        return String(buffer: unread)
    }

    /// The status code of the next answer; its body stays unread.
    mutating func readStatus() async throws -> Int {
        let head = try await read(through: "\r\n\r\n")
        return head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
