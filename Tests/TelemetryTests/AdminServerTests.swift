import AsyncHTTPClient
import CoreMetrics
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import Telemetry

@Suite(.timeLimit(.minutes(1))) struct `Admin port` {
    private let logger = makeLogger(label: "test", format: .text, level: .critical)

    private func serving(
        checks: [ReadinessCheck] = [], endpoints: [AdminEndpoint] = [],
        tail: @escaping @Sendable () async -> String = { "" },
        _ body: (String) async throws -> Void
    ) async throws {
        let registry = PrometheusRegistry(logger: logger)
        registry.makeCounter(label: "hits", dimensions: []).increment(by: 3)
        let server = AdminServer(
            configuration: .init(port: 0), registry: registry, checks: checks, endpoints: endpoints, metricsTail: tail,
            logger: logger)
        let (ports, told) = AsyncStream.makeStream(of: UInt16.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { told.yield($0) } }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body("http://127.0.0.1:\(port)")
            group.cancelAll()
        }
    }

    private func get(_ url: String) async throws -> (status: UInt, type: String?, body: String) {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (response.status.code, response.headers.first(name: "content-type"), String(buffer: body))
    }

    @Test func `readyz is 503 with the reason until every check is ready`() async throws {
        let isProgrammed = Mutex(false)
        let checks = [
            ReadinessCheck(name: "store") { .ready },
            ReadinessCheck(name: "proxies") {
                isProgrammed.withLock { $0 } ? .ready : .notReady("Envoy has not acknowledged version 7")
            },
        ]
        try await serving(checks: checks) { url in
            let early = try await get(url + "/readyz")
            #expect(early.status == 503)
            #expect(
                early.body == """
                    [+]store ok
                    [-]proxies failed: Envoy has not acknowledged version 7
                    readyz check failed

                    """)
            isProgrammed.withLock { $0 = true }
            let ready = try await get(url + "/readyz")
            #expect(ready.status == 200 && ready.body == "ok\n")
            let verbose = try await get(url + "/readyz?verbose")
            #expect(verbose.body == "[+]store ok\n[+]proxies ok\nreadyz check passed\n")
            #expect(try await get(url + "/livez").body == "ok\n")
        }
    }

    @Test func `metrics are ours and then the tail`() async throws {
        try await serving(tail: { "# TYPE envoy_up gauge\nenvoy_up 1\n" }) { url in
            let scrape = try await get(url + "/metrics")
            #expect(scrape.type == "text/plain; version=0.0.4; charset=utf-8")
            #expect(scrape.body == "# TYPE hits_total counter\nhits_total 3\n# TYPE envoy_up gauge\nenvoy_up 1\n")
        }
    }

    @Test func `an added endpoint gets its decoded query, and a failing one says so`() async throws {
        struct Broken: Error {}
        let endpoints = [
            AdminEndpoint(path: "/api/explain") { request in
                .json(Array(#"{"url":"\#(request.value("url") ?? "")","h":\#(request.values("h").count)}"#.utf8))
            },
            AdminEndpoint(path: "/api/broken") { _ in throw Broken() },
        ]
        try await serving(endpoints: endpoints) { url in
            let answer = try await get(url + "/api/explain?url=http%3A%2F%2Fa%2Fb+c&h=1&h=2")
            #expect(answer.body == #"{"url":"http://a/b c","h":2}"# && answer.type == "application/json")
            #expect(try await get(url + "/api/broken").status == 500)
            #expect(try await get(url + "/nothing").status == 404)
        }
    }

    @Test func `a taken port is named with its flag`() async throws {
        try await serving { url in
            let port = try #require(UInt16(url.split(separator: ":").last ?? ""))
            let second = AdminServer(
                configuration: .init(port: port), registry: PrometheusRegistry(logger: logger), checks: [],
                logger: logger)
            let error = await #expect(throws: AdminServerError.self) { try await second.run() }
            #expect(error?.code == .portInUse)
            #expect(
                error?.description
                    == "cannot open the admin port 127.0.0.1:\(port): another program listens there; "
                    + "choose a free port with --admin-port")
        }
    }
}
