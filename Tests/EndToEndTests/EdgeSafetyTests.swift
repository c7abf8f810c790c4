import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import NetTypes
import TestSupport
import Testing

/// What strangers may not do, with the defaults.
@Suite(
    .gateway(
        services: ["inside", "public"],
        objects: [
            Manifest.ingress(
                "safety",
                [Manifest.Rule("safety.test", [.prefix("/", "public"), .prefix("/admin", "inside")])])
        ]),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(2)))
struct EdgeSafetyTests {
    private let host = "safety.test"

    // MARK: Who the client is

    @Test func `Headers by which strangers speak for clients are dropped or overwritten`() async throws {
        let gateway = try Gateway.current
        let answer = try await gateway.get(
            host,
            headers: [
                ("x-forwarded-for", "203.0.113.9, 10.0.0.1"), ("x-forwarded-proto", "https"),
                ("x-forwarded-host", "evil.test"), ("x-forwarded-port", "1"), ("x-forwarded-prefix", "/evil"),
                ("x-forwarded-client-cert", "By=evil"), ("forwarded", "for=203.0.113.9;proto=https"),
                ("x-real-ip", "203.0.113.9"), ("x-envoy-external-address", "203.0.113.9"),
                ("x-envoy-retry-on", "5xx"), ("x-envoy-upstream-rq-timeout-ms", "1"), ("x-envoy-internal", "true"),
                ("x-envoy-original-path", "/evil"), ("x-original-url", "/evil"), ("x-rewrite-url", "/evil"),
                ("x_forwarded_for", "203.0.113.9"), ("x-mine", "kept"),
            ])
        let echo = try #require(answer.echo)
        // For a client on loopback Envoy writes an address of this machine, else the client's.
        let forwardedFor = try #require(echo.header("x-forwarded-for"))
        #expect(IPAddress(forwardedFor) != nil, "one address and no list: \(forwardedFor)")
        #expect(echo.header("x-forwarded-proto") == "http")
        #expect(echo.header("x-forwarded-port") == "\(gateway.fairway.httpPort)")
        for name in [
            "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-client-cert", "forwarded", "x-real-ip",
            "x-envoy-retry-on", "x-envoy-upstream-rq-timeout-ms", "x-envoy-internal", "x-envoy-original-path",
            "x-original-url", "x-rewrite-url", "x_forwarded_for",
        ] {
            #expect(echo.header(name) == nil, "\(name)")
        }
        // Envoy's own word for the connection's peer, and nothing else of that family.
        #expect(echo.headers.filter { $0.key.hasPrefix("x-envoy-") } == ["x-envoy-external-address": "127.0.0.1"])
        #expect(!echo.headers.values.contains { $0.contains("203.0.113.9") || $0.contains("evil") })
        #expect(echo.header("x-mine") == "kept")
        #expect(echo.header("x-request-id")?.isEmpty == false)
    }

    // MARK: Paths

    @Test(
        arguments: [
            ("/public/../admin/x", "inside", "/admin/x"),
            ("//admin//x", "inside", "/admin/x"),
            ("/%2e%2e/admin", "inside", "/admin"),
            ("/./admin/./x", "inside", "/admin/x"),
            ("/%61dmin", "inside", "/admin"),
            ("/x/%2E%2E/admin?q=/../y", "inside", "/admin?q=/../y"),
            ("/x\\..\\admin", "inside", "/admin"),
            ("/admin%2Fx", "public", "/admin%2Fx"),
            ("/administrator", "public", "/administrator"),
        ])
    func `A path is matched and forwarded in one normal form`(
        target: String, service: String, forwarded: String
    ) async throws {
        let answer = try await Gateway.current.get(host, target)
        #expect(answer.status == 200)
        #expect(answer.echo?.name == service)
        #expect(answer.echo?.target == forwarded)
    }

    @Test(arguments: ["/a#fragment", "/a%00b"])
    func `A path that means different things to different servers is refused`(target: String) async throws {
        #expect(try await Gateway.current.get(host, target).status == 400)
    }

    // MARK: Limits

    @Test func `Headers that are too large or too many are answered with 431`() async throws {
        let gateway = try Gateway.current
        let large = String(repeating: "x", count: 70 * 1024)
        #expect(try await gateway.get(host, headers: [("x-large", large)]).status == 431)
        let many = (0..<150).map { ("x-many-\($0)", "1") }
        #expect(try await gateway.get(host, headers: many).status == 431)
        let fine = (0..<50).map { ("x-fine-\($0)", String(repeating: "y", count: 500)) }
        #expect(try await gateway.get(host, headers: fine).status == 200)
    }

    @Test func `A client that never finishes its headers is cut after fifteen seconds`() async throws {
        let gateway = try Gateway.current
        let clock = ContinuousClock()
        let start = clock.now
        let answer = try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write("GET / HTTP/1.1\r\nHost: \(host)\r\nX-Slow: ")
            return try await connection.readToEnd()
        }
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 408"))
        #expect(start.duration(to: clock.now) > .seconds(10))
        #expect(start.duration(to: clock.now) < .seconds(30))
    }

    // MARK: Smuggling

    static let ambiguous: [(String, String)] = [
        (
            "both Content-Length and Transfer-Encoding",
            "POST / HTTP/1.1\r\nHost: safety.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        ("two lengths", "POST / HTTP/1.1\r\nHost: safety.test\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"),
        ("a length that is no number", "POST / HTTP/1.1\r\nHost: safety.test\r\nContent-Length: +4\r\n\r\nabcd"),
        (
            "an unknown transfer coding",
            "POST / HTTP/1.1\r\nHost: safety.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
        ),
        (
            "a chunk size that is no number",
            "POST / HTTP/1.1\r\nHost: safety.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"
        ),
        ("a blank before the colon", "GET / HTTP/1.1\r\nHost: safety.test\r\nX-Bad : 1\r\n\r\n"),
        ("no host", "GET / HTTP/1.1\r\n\r\n"),
        ("a NUL in a header", "GET / HTTP/1.1\r\nHost: safety.test\r\nX-Bad: a\0b\r\n\r\n"),
        ("no HTTP at all", "\u{16}\u{3}\u{1}hello\r\n\r\n"),
    ]

    @Test(arguments: ambiguous)
    func `A request that two servers could read differently is refused, and the connection closed`(
        what: String, request: String
    ) async throws {
        let gateway = try Gateway.current
        let smuggled = "GET /admin HTTP/1.1\r\nHost: safety.test\r\nConnection: close\r\n\r\n"
        let answer = try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write(request + smuggled)
            return try await connection.readToEnd()
        }
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.1 501"), "\(what)")
        #expect(!answer.contains("200 OK"), "\(what): \(answer)")
    }

    @Test func `A folded header arrives as one line`() async throws {
        let gateway = try Gateway.current
        let answer = try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write(
                "GET / HTTP/1.1\r\nHost: \(host)\r\nX-Folded: 1\r\n 2\r\nConnection: close\r\n\r\n")
            return try await connection.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 400") || answer.contains(#""x-folded":"1 2""#))
    }

    @Test func `A request with two hosts reaches neither`() async throws {
        let gateway = try Gateway.current
        let answer = try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write(
                "GET / HTTP/1.1\r\nHost: \(host)\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            return try await connection.readToEnd()
        }
        #expect(answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.1 404"))
    }

    // MARK: What answers tell

    @Test(arguments: ["/", "/admin", "/?status=500", "/a%00b"])
    func `Answers do not say what the gateway is made of`(target: String) async throws {
        let gateway = try Gateway.current
        for host in [host, "unknown.test"] {
            let answer = try await gateway.get(host, target)
            #expect(answer.headers.first(name: "server") == nil)
            #expect(!answer.headers.contains { $0.name.lowercased().hasPrefix("x-envoy") })
            #expect(!answer.headers.contains { $0.value.lowercased().contains("envoy") })
            #expect(answer.echo != nil || !answer.body.lowercased().contains("envoy"))
        }
    }

    @Test func `A host that nobody claims is answered with 404`() async throws {
        let gateway = try Gateway.current
        let answer = try await gateway.get("unknown.test")
        #expect(answer.status == 404)
        #expect(answer.body == "no route for this host and path\n")
        #expect(try await gateway.get("127.0.0.1:\(gateway.fairway.httpPort)").status == 404)
        #expect(try await gateway.get("unknown.test", tls: .trustingAnyone, serverName: host).status == 404)
    }

    @Test func `CONNECT is no way through`() async throws {
        let gateway = try Gateway.current
        try await RawConnection.open(port: gateway.fairway.httpPort) { connection in
            try await connection.write("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n")
            let status = try await connection.readStatus()
            #expect(status >= 400)
        }
    }
}
