import NIOCore
import Testing

@testable import EchoServer

@Suite struct `What a request asks for` {
    @Test(arguments: [
        ("/", EchoBehavior(answer: .description)),
        ("/a/b?status=503&delay=1.5s", EchoBehavior(answer: .description, status: 503, delay: .milliseconds(1500))),
        ("/x?delay=20ms", EchoBehavior(answer: .description, delay: .milliseconds(20))),
        ("/x?delay=2", EchoBehavior(answer: .description, delay: .seconds(2))),
        ("/x?delay=9999999h&status=abc", EchoBehavior(answer: .description)),
        ("/x?status=99", EchoBehavior(answer: .description)),
        ("/x?size=10&status=404", EchoBehavior(answer: .bytes(10), status: 404)),
        ("/x?size=-1", EchoBehavior(answer: .bytes(0))),
        ("/x?drip=3&interval=5ms", EchoBehavior(answer: .drip(3, interval: .milliseconds(5)))),
        ("/sse", EchoBehavior(answer: .events(nil, interval: .seconds(1)))),
        ("/sse?count=2&interval=1ms", EchoBehavior(answer: .events(2, interval: .milliseconds(1)))),
        ("/x?reset=1", EchoBehavior(answer: .reset)),
        ("/x?hang=1", EchoBehavior(answer: .silence)),
        ("/healthz?hang=1", EchoBehavior(answer: .health)),
        ("/body", EchoBehavior(answer: .sameBody)),
        ("/stream-upload", EchoBehavior(answer: .bodySummary)),
    ])
    func `is read from path and query`(uri: String, behavior: EchoBehavior) {
        #expect(EchoBehavior(uri: uri, contentType: nil, grpcStatus: nil) == behavior)
    }

    @Test func `is gRPC by its content type`() {
        #expect(
            EchoBehavior(uri: "/a.B/C", contentType: "application/grpc+proto", grpcStatus: nil).answer
                == .grpc(status: 0))
        #expect(
            EchoBehavior(uri: "/a.B/C", contentType: "application/grpc", grpcStatus: "14").answer == .grpc(status: 14))
    }

    @Test func `never waits longer than an hour`() {
        #expect(EchoBehavior.duration("1e300s") == .hours(1))
        #expect(EchoBehavior.duration("-1s") == nil)
        #expect(EchoBehavior.duration("nan") == nil)
    }
}

@Suite struct `HTTP/2's preface` {
    @Test func `is told from HTTP/1.1 at the first byte that differs`() {
        let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        for length in 0..<preface.count {
            #expect(ProtocolSniffer.verdict(preface.prefix(length)) == .undecided)
            #expect(ProtocolSniffer.verdict(Array(preface.prefix(length)) + [0]) == .http1)
        }
        #expect(ProtocolSniffer.verdict(preface) == .http2)
        #expect(ProtocolSniffer.verdict(preface + [0, 0]) == .http2)
        #expect(ProtocolSniffer.verdict(Array("GET / HTTP/1.1".utf8)) == .http1)
    }
}
