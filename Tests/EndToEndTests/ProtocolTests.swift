import Foundation
import KubernetesModel
import NIOCore
import NIOHTTP1
import NIOSSL
import TLSMaterial
import TestSupport
import Testing

/// Every protocol that the gateway carries, end to end.
@Suite(
    .gateway(
        services: ["web"],
        objects: [
            Manifest.ingress("web", [Manifest.Rule("web.protocol.test", [.prefix("/", "web")])])
        ]),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(3)))
struct ProtocolTests {
    private let host = "web.protocol.test"

    private func rule(_ host: String, _ service: String) -> Manifest.Rule {
        Manifest.Rule(host, [.prefix("/", service)])
    }

    // MARK: HTTP/1.1

    @Test func `HTTP1 connections are kept, and requests may be pipelined`() async throws {
        let gateway = try Gateway.current
        try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
            for number in 1...5 {
                let answer = try await connection.send("POST", "/\(number)", host: host, body: "body \(number)")
                #expect(answer.echo?.path == "/\(number)")
                #expect(answer.echo?.body.text == "body \(number)")
            }
        }
        try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            let requests = (1...3).map { "GET /?status=20\($0) HTTP/1.1\r\nHost: \(host)\r\n\r\n" }.joined()
            try await connection.write(requests)
            for number in 1...3 { #expect(try await connection.readStatus() == 200 + number) }
        }
    }

    @Test func `HTTP1 without keep-alive is closed after its answer`() async throws {
        let gateway = try Gateway.current
        try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write("GET / HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            let answer = try await connection.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `Expect 100-continue is answered before the body is sent`() async throws {
        let gateway = try Gateway.current
        try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write(
                "POST / HTTP/1.1\r\nHost: \(host)\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(try await connection.readStatus() == 100)
            try await connection.write("hello")
            #expect(try await connection.readStatus() == 200)
        }
    }

    // MARK: HTTP/2

    @Test(arguments: [false, true])
    func `HTTP2 streams share a connection, by TLS and by prior knowledge`(isSecure: Bool) async throws {
        let gateway = try Gateway.current
        let host = host
        try await HTTP2Connection.open(
            port: isSecure ? gateway.fairway.httpsPort : gateway.fairway.httpPort, serverName: isSecure ? host : nil,
            tls: isSecure ? .trustingAnyone : nil
        ) { connection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let (answer, _, _) = try await connection.send(
                            "POST", "/\(number)", host: host, body: ByteBuffer(string: "body \(number)"))
                        #expect(answer.status == 200)
                        #expect(answer.echo?.path == "/\(number)")
                        #expect(answer.echo?.body.text == "body \(number)")
                        #expect(answer.echo?.header("x-forwarded-proto") == (isSecure ? "https" : "http"))
                        #expect(answer.echo?.httpVersion == "1.1", "the backend has no appProtocol")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: ["kubernetes.io/h2c", "h2c", "grpc"])
    func `A backend of this appProtocol is spoken to in HTTP2`(appProtocol: String) async throws {
        let gateway = try Gateway.current
        let name = "h2c-" + appProtocol.filter { $0.isLetter || $0.isNumber }
        let host = "\(name).protocol.test"
        try await Backend.run(name) { backend in
            let answer = try await gateway.serve(
                Manifest.service(name, to: [backend], appProtocol: appProtocol)
                    + [Manifest.ingress(name, [rule(host, name)])], until: host)
            #expect(answer.echo?.httpVersion == "2")
        }
    }

    // MARK: WebSocket

    @Test(arguments: [false, true])
    func `A WebSocket is carried both ways, by ws and by wss`(isSecure: Bool) async throws {
        let gateway = try Gateway.current
        try await WebSocketConnection.open(
            port: isSecure ? gateway.fairway.httpsPort : gateway.fairway.httpPort, host: host,
            tls: isSecure ? .trustingAnyone : nil
        ) { socket in
            for text in ["one", "two", "three"] {
                let echoed = try await socket.echo(text)
                #expect(echoed == text)
            }
        }
    }

    @Test func `A WebSocket outlives changes of other routes and of its own`() async throws {
        let gateway = try Gateway.current
        let host = "lasting.protocol.test"
        let name = "lasting"
        try await gateway.serve([Manifest.ingress(name, [rule(host, "web")])], until: host)
        try await Backend.run("lasting-other") { backend in
            try await WebSocketConnection.open(port: gateway.fairway.httpPort, host: host) { socket in
                let before = try await socket.echo("before")
                #expect(before == "before")
                try await gateway.fairway.apply(
                    Manifest.service("lasting-other", to: [backend])
                        + [Manifest.ingress(name, [rule(host, "lasting-other")])])
                try await gateway.wait(host) { $0.echo?.name == "lasting-other" }
                #expect(try await socket.echo("moved") == "moved")
                try await gateway.fairway.delete("ingress", name)
                try await gateway.wait(host) { $0.status == 404 }
                #expect(try await socket.echo("deleted") == "deleted")
            }
        }
    }

    // MARK: gRPC

    @Test(arguments: [false, true])
    func `gRPC calls get their messages and trailers, unary and streaming`(isSecure: Bool) async throws {
        let gateway = try Gateway.current
        let name = "grpc-\(isSecure ? "tls" : "plain")"
        let host = "\(name).protocol.test"
        try await Backend.run(name) { backend in
            try await gateway.serve(
                Manifest.service(name, to: [backend], appProtocol: "grpc")
                    + [Manifest.ingress(name, [rule(host, name)])], until: host)
            try await HTTP2Connection.open(
                port: isSecure ? gateway.fairway.httpsPort : gateway.fairway.httpPort,
                serverName: isSecure ? host : nil, tls: isSecure ? .trustingAnyone : nil
            ) { connection in
                try await Self.callUnary(connection, host)
                try await Self.callStreaming(connection, host)
            }
        }
    }

    private static let grpcHeaders = [("content-type", "application/grpc"), ("te", "trailers")]

    private static func message(_ text: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt32(text.utf8.count))
        buffer.writeString(text)
        return buffer
    }

    private static func callUnary(_ connection: HTTP2Connection, _ host: String) async throws {
        let (answer, bytes, trailers) = try await connection.send(
            "POST", "/echo.Echo/Unary", host: host, headers: grpcHeaders, body: message("hello"))
        #expect(answer.status == 200)
        #expect(bytes == message("hello"))
        #expect(trailers?.first(name: "grpc-status") == "0")
        let (_, _, failed) = try await connection.send(
            "POST", "/echo.Echo/Unary", host: host, headers: grpcHeaders + [("echo-grpc-status", "5")],
            body: message("hello"))
        #expect(failed?.first(name: "grpc-status") == "5")
    }

    /// Each message comes back before the next one is sent.
    private static func callStreaming(_ connection: HTTP2Connection, _ host: String) async throws {
        try await connection.openStream().executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            try await outbound.write(
                .head(HTTP2Connection.head("POST", "/echo.Echo/Stream", host: host, headers: grpcHeaders)))
            var received = ByteBuffer()
            var sent = ByteBuffer()
            for text in ["one", "two", "three"] {
                sent.writeImmutableBuffer(message(text))
                try await outbound.write(.body(.byteBuffer(message(text))))
                while received.readableBytes < sent.readableBytes {
                    guard let part = try await parts.next() else { throw HTTPConnection.ClosedEarly() }
                    if case .body(let bytes) = part { received.writeImmutableBuffer(bytes) }
                }
                #expect(received == sent)
            }
            try await outbound.write(.end(nil))
            while let part = try await parts.next() {
                guard case .end(let trailers) = part else { continue }
                #expect(trailers?.first(name: "grpc-status") == "0")
                return
            }
            Issue.record("the call ended without trailers")
        }
    }

    // MARK: Streams and large bodies

    @Test func `Server-sent events arrive one by one`() async throws {
        let gateway = try Gateway.current
        try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
            // The second event is an hour away: whoever buffers never shows the first.
            try await connection.begin("GET", "/sse?count=2&interval=3600s", host: host)
            try await connection.end()
            while let part = try await connection.nextPart() {
                guard case .body(let bytes) = part else { continue }
                #expect(String(buffer: bytes).contains("data:"))
                return
            }
            Issue.record("no event came")
        }
    }

    @Test func `An upload of 64 MiB is streamed`() async throws {
        let gateway = try Gateway.current
        try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
            let chunk = ByteBuffer(repeating: 0x61, count: 1 << 20)
            try await connection.begin(
                "POST", "/stream-upload", host: host, headers: [("content-length", "\(64 << 20)")])
            for _ in 0..<64 { try await connection.write(chunk) }
            try await connection.end()
            let answer = try await connection.receive()
            let summary = try JSONDecoder().decode(JSONValue.self, from: Data(answer.body.utf8))
            #expect(summary["bytes"]?.integer == 64 << 20)
        }
    }

    @Test func `A download of 64 MiB is streamed`() async throws {
        let gateway = try Gateway.current
        try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.begin("GET", "/?size=\(64 << 20)", host: host)
            try await connection.end()
            var count = 0
            while let part = try await connection.nextPart() {
                if case .body(let bytes) = part { count += bytes.readableBytes }
                if case .end = part { break }
            }
            #expect(count == 64 << 20)
        }
    }

    @Test func `A body of unknown length is echoed chunk by chunk`() async throws {
        let gateway = try Gateway.current
        try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.begin("POST", "/body", host: host, headers: [("transfer-encoding", "chunked")])
            for text in ["one", "two", "three"] {
                try await connection.write(ByteBuffer(string: text))
                var echoed = ""
                while echoed != text, let part = try await connection.nextPart() {
                    if case .body(let bytes) = part { echoed += String(buffer: bytes) }
                }
                #expect(echoed == text)
            }
            try await connection.end()
        }
    }

    // MARK: TLS to the backend

    @Test func `A backend of appProtocol https is verified by the authority that its Service names`() async throws {
        let gateway = try Gateway.current
        let host = "upstream.protocol.test"
        let (authority, stranger) = try (CertificateAuthority.forTests(), CertificateAuthority.forTests())
        let name = "upstream.default.svc"
        try await Backend.run("upstream", tls: authority.issue(name)) { backend in
            func service(_ annotations: [String: String]) -> [JSONValue] {
                Manifest.service("upstream", to: [backend], appProtocol: "https", annotations: annotations)
            }
            let trusting = ["fairway.dev/upstream-ca-secret": "upstream-ca"]
            let answer = try await gateway.serve(
                service(trusting) + [
                    Manifest.secret("upstream-ca", ["ca.crt": authority.certificate]),
                    Manifest.ingress("upstream", [rule(host, "upstream")]),
                ], until: host)
            #expect(answer.echo?.tls?.sni == name)
            #expect(answer.echo?.httpVersion == "2", "ALPN offers both, and h2 is settled on")

            // Another authority, then another name: refused, and nothing about our insides in the answer.
            try await gateway.serve(
                [Manifest.secret("upstream-ca", ["ca.crt": stranger.certificate])], until: host
            ) { $0.status == 503 && $0.body == "the service cannot be reached\n" }
            try await gateway.serve(
                [Manifest.secret("upstream-ca", ["ca.crt": authority.certificate])], until: host)
            try await gateway.serve(
                service(trusting.merging(["fairway.dev/upstream-server-name": "other.test"]) { $1 }), until: host
            ) { $0.status == 503 }
        }
    }

    @Test func `A backend whose authority is missing is refused and told`() async throws {
        let gateway = try Gateway.current
        let host = "unverified.protocol.test"
        let authority = try CertificateAuthority.forTests()
        try await Backend.run("unverified", tls: authority.issue("unverified.default.svc")) { backend in
            try await gateway.serve(
                Manifest.service(
                    "unverified", to: [backend], appProtocol: "https",
                    annotations: ["fairway.dev/upstream-ca-secret": "nowhere"])
                    + [Manifest.ingress("unverified", [rule(host, "unverified")])], until: host
            ) { $0.status == 500 }
            try await gateway.expectEvent(
                of: "unverified", "SecretNotFound", saying: "Service default/unverified", "nowhere")
        }
    }
}
