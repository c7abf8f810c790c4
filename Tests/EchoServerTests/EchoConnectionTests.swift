import Foundation
import Logging
import NIOCore
import TestSupport
import Testing

@testable import EchoServer

@Suite(.timeLimit(.minutes(1))) struct `A connection to the echo server` {
    private static let handshake = """
        GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """
    /// "Hello", masked: the example of RFC 6455 section 5.7.
    private static let maskedHello: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    private static let hello: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]

    @Test func `becomes a WebSocket, even after other requests, and with a frame right behind the handshake`()
        async throws
    {
        try await withEchoServer { _, ports in
            try await withRawConnection(port: ports.plain) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
                #expect(try await inbound.text(endingWith: "ok\n").hasPrefix("HTTP/1.1 200 "))
                try await outbound.write(ByteBuffer(bytes: Array(Self.handshake.utf8) + Self.maskedHello))
                var received = try await inbound.bytes(1)
                while !received.suffix(Self.hello.count).elementsEqual(Self.hello) {
                    received += try await inbound.bytes(1)
                }
                let head = String(decoding: received.dropLast(Self.hello.count), as: UTF8.self)
                #expect(head.hasPrefix("HTTP/1.1 101 ") && head.hasSuffix("\r\n\r\n"))
                // The accept value of RFC 6455 section 1.3.
                #expect(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
                #expect(head.contains("sec-websocket-protocol: a\r\n"))
                // Ping, then close with code 1000; both unmasked on the way back.
                try await outbound.write(ByteBuffer(bytes: [0x89, 0x81, 0, 0, 0, 0, 0x70]))
                #expect(try await inbound.bytes(3) == [0x8a, 0x01, 0x70])
                try await outbound.write(ByteBuffer(bytes: [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]))
                #expect(try await inbound.bytes(4) == [0x88, 0x02, 0x03, 0xe8])
                #expect(try await inbound.next(isolation: #isolation) == nil)
            }
        }
    }

    @Test func `is kept between requests, and pipelined requests are answered in order`() async throws {
        try await withEchoServer { server, ports in
            try await withRawConnection(port: ports.plain) { inbound, outbound in
                try await outbound.write(
                    ByteBuffer(
                        string:
                            "GET /?drip=2&interval=5ms HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                    ))
                let text = try await inbound.text(endingWith: "ok\n")
                #expect(text.firstRange(of: "..").map { $0.upperBound < text.endIndex } == true)
                #expect(server.requestCount == 2 && server.connectionCount == 1)
            }
        }
    }

    @Test func `that speaks no HTTP gets 400`() async throws {
        try await withEchoServer { _, ports in
            try await withRawConnection(port: ports.plain) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "\u{1}\u{2}\u{3}\r\n\r\n"))
                let first = try await inbound.next(isolation: #isolation).map { String(buffer: $0) }
                #expect(first?.hasPrefix("HTTP/1.1 400 ") == true)
            }
        }
    }

    @Test func `with a request in flight is finished when the server stops, others are closed`() async throws {
        try await withEchoServer(stopsAfterwards: false) { server, ports in
            try await withRawConnection(port: ports.plain) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /?delay=300ms HTTP/1.1\r\nHost: x\r\n\r\n"))
                try await eventually("the request has come") { server.requestCount == 1 }
                try await withRawConnection(port: ports.plain) { idle, _ in
                    try await eventually("both are connected") { server.connectionCount == 2 }
                    server.stop()
                    #expect(try await idle.next(isolation: #isolation) == nil)
                }
                let answer = try await inbound.text(endingWith: "}\n")
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("connection: close\r\n"))
                #expect(try await inbound.next(isolation: #isolation) == nil)
            }
            await #expect(throws: (any Error).self) { try await withRawConnection(port: ports.plain) { _, _ in } }
        }
    }

    @Test func `that never ends is cut at the time limit, a WebSocket with a close frame before`() async throws {
        let configuration = EchoConfiguration(stopTimeout: .milliseconds(200))
        try await withEchoServer(configuration, stopsAfterwards: false) { server, ports in
            try await withRawConnection(port: ports.plain) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /sse HTTP/1.1\r\nHost: x\r\n\r\n"))
                try await withRawConnection(port: ports.plain) { webSocket, writer in
                    try await writer.write(ByteBuffer(string: Self.handshake))
                    _ = try await webSocket.text(endingWith: "\r\n\r\n")
                    try await eventually("both have asked") { server.requestCount == 2 }
                    server.stop()
                    #expect(try await webSocket.bytes(4) == [0x88, 0x02, 0x03, 0xe9])
                }
                _ = try await inbound.bytes(1 << 20)
            }
        }
    }

    @Test func `is refused on a port that is taken, and says so`() async throws {
        try await withEchoServer { _, ports in
            let second = EchoServer(configuration: EchoConfiguration(port: ports.plain), logger: Logger(label: "test"))
            let error = await #expect(throws: EchoServerError.self) { try await second.run() }
            #expect(error?.description.hasPrefix("cannot listen on 127.0.0.1:\(ports.plain ?? 0): ") == true)
        }
    }
}
