import Foundation
import NIOCore
import TestSupport
import Testing

@testable import EchoServer

@Suite(.enabled(if: Curl.tool.isWanted, "curl is not installed"), .timeLimit(.minutes(1)))
struct `The echo server over HTTP` {
    @Test(arguments: [(["--http1.1"], "1.1"), (["--http2-prior-knowledge"], "2")])
    func `tells what it received, on one port for both versions`(flags: [String], version: String) async throws {
        let identity = EchoIdentity(name: "v1", pod: "p-0", namespace: "shop", service: nil)
        try await withEchoServer(EchoConfiguration(identity: identity)) { server, ports in
            let answer = try await Curl.ask(
                flags + [
                    "-H", "X-A: 1", "-H", "x-a: \"2\"", "-H", "host: shop.example", "-d", "häl\"lo",
                    "http://127.0.0.1:\(ports.plain ?? 0)/a/b?c=d&e",
                ])
            let json = answer.json
            #expect(
                json["server"] as? NSDictionary == [
                    "name": "v1", "pod": "p-0", "namespace": "shop", "service": NSNull(),
                ])
            #expect(json["method"] as? String == "POST" && json["path"] as? String == "/a/b")
            #expect(json["query"] as? String == "c=d&e" && json["host"] as? String == "shop.example")
            #expect(json["httpVersion"] as? String == version && json["scheme"] as? String == "http")
            #expect((json["headers"] as? [String: String])?["x-a"] == "1, \"2\"")
            let list = try #require(json["headerList"] as? [[String]])
            #expect(list.filter { $0[0].lowercased() == "x-a" }.map { $0[1] } == ["1", "\"2\""])
            let body = try #require(json["body"] as? NSDictionary)
            #expect(body["text"] as? String == "häl\"lo" && body["size"] as? Int == 7)
            #expect(json["tls"] is NSNull)
            #expect((json["remoteAddress"] as? String)?.hasPrefix("127.0.0.1:") == true)
            #expect(answer.headers.lowercased().contains("x-echo-server: v1"))
            #expect(server.requestCount == 1)
        }
    }

    @Test(arguments: [(["--http1.1"], "http/1.1", "1.1"), (["--http2"], "h2", "2")])
    func `tells the TLS version, the name asked for and the protocol agreed on`(
        flags: [String], alpn: String, version: String
    ) async throws {
        try await withEchoServer { _, ports in
            let port = try #require(ports.tls)
            let answer = try await Curl.ask(
                flags + ["-k", "--connect-to", "shop.example:443:127.0.0.1:\(port)", "https://shop.example/"])
            #expect(answer.json["tls"] as? NSDictionary == ["version": "1.3", "sni": "shop.example", "alpn": alpn])
            #expect(answer.json["httpVersion"] as? String == version && answer.json["scheme"] as? String == "https")
        }
    }

    @Test func `behaves as asked`() async throws {
        try await withEchoServer { _, ports in
            let url = "http://127.0.0.1:\(ports.plain ?? 0)"
            #expect(try await Curl.ask([url + "/?status=503"]).headers.hasPrefix("HTTP/1.1 503 "))
            #expect(try await Curl.ask([url + "/?status=204"]).body.isEmpty)
            #expect(try await Curl.ask(["-I", url + "/?size=1000"]).headers.contains("content-length: 1000\n"))
            #expect(try await Curl.ask([url + "/?size=3000000"]).body.utf8.count == 3_000_000)
            #expect(try await Curl.ask([url + "/?drip=4&interval=5ms"]).body == "....")
            #expect(try await Curl.ask([url + "/healthz"]).body == "ok\n")
            let began = ContinuousClock.now
            #expect(try await Curl.ask([url + "/?delay=150ms"]).headers.hasPrefix("HTTP/1.1 200 "))
            #expect(ContinuousClock.now - began >= .milliseconds(150))
            let events = try await Curl.ask(["-N", url + "/sse?count=2&interval=1ms"])
            #expect(events.headers.contains("content-type: text/event-stream\n"))
            #expect(
                events.body
                    == "id: 1\ndata: {\"server\":\"echo\",\"event\":1}\n\nid: 2\ndata: {\"server\":\"echo\",\"event\":2}\n\n"
            )
            // 56: failure in receiving (RST). 92: HTTP/2 stream was reset. 28: timed out.
            #expect(try await Curl.exitCode([url + "/?reset=1"]) == 56)
            #expect(try await Curl.exitCode(["--http2-prior-knowledge", url + "/?reset=1"]) == 92)
            #expect(try await Curl.exitCode(["--max-time", "0.3", url + "/?hang=1"]) == 28)
        }
    }

    @Test(arguments: [["--http1.1"], ["--http2-prior-knowledge"]])
    func `sends bodies back, and counts those it does not keep`(flags: [String]) async throws {
        try await withEchoServer { _, ports in
            let url = "http://127.0.0.1:\(ports.plain ?? 0)"
            let input = (0..<2_000_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }
            let upload = flags + ["-H", "expect:", "-X", "POST", "--data-binary", "@-"]
            let echoed = try await Curl.ask(upload + [url + "/body"], input: input)
            #expect(echoed.body == String(decoding: input, as: UTF8.self))
            let counted = try await Curl.ask(upload + [url + "/stream-upload"], input: input).json
            #expect(counted["bytes"] as? Int == 2_000_000)
            #expect((counted["sha256"] as? String)?.count == 64)
            let described = try await Curl.ask(upload + [url + "/"], input: input).json
            #expect((described["body"] as? NSDictionary)?["text"] is NSNull)
        }
    }

    @Test func `echoes gRPC messages and ends them with a status`() async throws {
        try await withEchoServer { _, ports in
            let message: [UInt8] = [0, 0, 0, 0, 2, 0x68, 0x69, 0, 0, 0, 0, 1, 0x21]
            let answer = try await Curl.ask(
                [
                    "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers", "-H",
                    "echo-grpc-status: 5", "--data-binary", "@-", "http://127.0.0.1:\(ports.plain ?? 0)/x.Echo/Say",
                ], input: message)
            #expect(Array(answer.body.utf8) == message)
            #expect(answer.headers.contains("content-type: application/grpc\n"))
            #expect(answer.headers.contains("grpc-status: 5\n"), "\(answer.headers)")
        }
    }
}
