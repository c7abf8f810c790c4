import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport

@testable import EnvoyProcess

/// A supervisor with a real Envoy that answers by itself on one port of loopback.
struct SupervisedEnvoy {
    let supervisor: EnvoySupervisor
    let log: LogLines
    let port: UInt16

    init(folder: String, port: UInt16, concurrency: Int = 1, ports: [PortClaim] = []) throws {
        self.port = port
        let log = LogLines()
        self.log = log
        var configuration = EnvoyConfiguration(
            dataDirectory: folder, binaryPath: try Tool.envoy.required(), concurrency: concurrency,
            stopTimeout: .seconds(10), ports: ports)
        configuration.staticResources = Self.resources(port: port)
        supervisor = try EnvoySupervisor(
            configuration: configuration, logger: Logger(label: "test") { _ in LinesHandler(lines: log) },
            accessLog: { log.add("access \($0)") })
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    /// Runs the supervisor while `body` runs; then stops it and waits for its end.
    func running(_ body: (EnvoySupervisor) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await supervisor.run() }
            try await body(supervisor)
            supervisor.stop()
            try await group.waitForAll()
        }
    }

    func pidWhenServing() async throws -> Int32 {
        try await eventually("Envoy serves") {
            if case .serving(let pid, _, _) = supervisor.status { return pid }
            return nil
        }
    }

    /// The answer's status, over a connection of its own.
    static func ask(_ url: String, delay: Int? = nil) async throws -> UInt {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "connection", value: "close")
        if let delay { request.headers.add(name: "x-envoy-fault-delay-request", value: "\(delay)") }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        _ = try await response.body.collect(upTo: 1 << 16)
        return response.status.code
    }

    /// A listener that answers 200, later when the request asks for a delay, and writes an access log.
    static func resources(port: UInt16) -> JSONText {
        let type = "type.googleapis.com/envoy.extensions"
        let manager: JSONText = [
            "@type":
                .string("\(type).filters.network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": "ingress",
            "access_log": [
                [
                    "name": "stdout",
                    "typed_config": ["@type": .string("\(type).access_loggers.stream.v3.StdoutAccessLog")],
                ]
            ],
            "route_config": [
                "virtual_hosts": [
                    [
                        "name": "all", "domains": ["*"],
                        "routes": [["match": ["prefix": "/"], "direct_response": ["status": 200]]],
                    ]
                ]
            ],
            "http_filters": [
                [
                    "name": "fault",
                    "typed_config": [
                        "@type": .string("\(type).filters.http.fault.v3.HTTPFault"),
                        "delay": ["header_delay": [:], "percentage": ["numerator": 100]],
                    ],
                ],
                [
                    "name": "router",
                    "typed_config": ["@type": .string("\(type).filters.http.router.v3.Router")],
                ],
            ],
        ]
        return [
            "listeners": [
                [
                    "name": "http",
                    "address": ["socket_address": ["address": "127.0.0.1", "port_value": .integer(Int64(port))]],
                    "filter_chains": [["filters": [["name": "http", "typed_config": manager]]]],
                ]
            ]
        ]
    }
}

/// What was logged, for a test to look at.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }

    func contains(_ text: String) -> Bool { all.contains { $0.contains(text) } }
}

struct LinesHandler: LogHandler {
    let lines: LogLines
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let error = event.error.map { " error=\($0)" } ?? ""
        lines.add("\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:])\(error)")
    }
}
