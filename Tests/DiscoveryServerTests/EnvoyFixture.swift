import AsyncHTTPClient
import DiscoveryProtocol
import DiscoveryServer
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import TestSupport

/// A real Envoy under a discovery server in this process. Its own static listeners play the backends: each answers
/// every request with its name.
struct EnvoyFixture: Sendable {
    let directory: String
    let adminPort: UInt16
    let port: UInt16
    let securePort: UInt16
    let backends: [String: UInt16]
    let client: HTTPClient

    var socket: String { directory + "/xds.sock" }

    static func with(
        backends names: [String] = ["one", "two"], _ body: (EnvoyFixture) async throws -> Void
    ) async throws {
        let envoy = try Tool.envoy.required()
        try await withTemporaryDirectory { directory in
            var backends: [String: UInt16] = [:]
            for name in names { backends[name] = try freePort() }
            var configuration = HTTPClient.Configuration()
            configuration.timeout.connect = .seconds(5)
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.certificateVerification = .none
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 16
            for host in ["www.shop.example", "api.shop.example", "stranger.example"] {
                configuration.dnsOverride[host] = "127.0.0.1"
            }
            try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                let fixture = EnvoyFixture(
                    directory: directory, adminPort: try freePort(), port: try freePort(), securePort: try freePort(),
                    backends: backends, client: client)
                try await fixture.run(envoy, body)
            }
        }
    }

    private func run(_ envoy: String, _ body: (EnvoyFixture) async throws -> Void) async throws {
        let file = directory + "/bootstrap.yaml"
        try bootstrap.write(toFile: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: envoy)
        process.arguments = [
            "-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "warning", "--log-path",
            directory + "/envoy.log",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer {
            // Not SIGTERM: a child inherits the signals that the test runner blocks.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        do {
            try await body(self)
        } catch {
            print(try String(contentsOfFile: directory + "/envoy.log", encoding: .utf8).suffix(4000))
            throw error
        }
    }

    /// A server for this proxy, until the body ends.
    func serving(
        lastGoodFile: String? = nil, limits: ProxySession.Limits = .init(),
        _ body: (DiscoveryServer) async throws -> Void
    ) async throws {
        var configuration = DiscoveryConfiguration(address: .unixSocket(path: socket), lastGoodFile: lastGoodFile)
        configuration.limits = limits
        var logger = Logger(label: "xds")
        logger.logLevel = .error
        let server = DiscoveryServer(configuration: configuration, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(server)
            server.beginGracefulShutdown()
            try await group.waitForAll()
        }
    }

    /// Status and body; the status is 0 when no answer came.
    func get(_ host: String, path: String = "/") async -> (status: UInt, body: String) {
        await get(url: "http://127.0.0.1:\(port)\(path)", host: host)
    }

    func getSecurely(_ host: String) async -> (status: UInt, body: String) {
        await get(url: "https://\(host):\(securePort)/", host: host)
    }

    private func get(url: String, host: String) async -> (status: UInt, body: String) {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "host", value: host)
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            return (response.status.code, String(buffer: body))
        } catch {
            return (0, "\(error)")
        }
    }

    /// Organization and common name of the certificate that a handshake with this server name gets; `openssl` reads it.
    func subject(of name: String) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c",
            "timeout 5 openssl s_client -connect 127.0.0.1:\(securePort) -servername \(name) </dev/null 2>/dev/null"
                + " | openssl x509 -noout -subject -nameopt multiline 2>/dev/null",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.split(separator: "\n").compactMap { line in
            line.split(separator: "=").dropFirst().first?.trimmingCharacters(in: .whitespaces)
        }.joined(separator: " ")
    }

    func statistic(_ name: String) async throws -> Int {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(adminPort)/stats?filter=^\(name)$")
        let response = try await client.execute(request, timeout: .seconds(5))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        return Int(text.split(separator: " ").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "") ?? 0
    }

    private var bootstrap: String {
        """
        node: {id: test-proxy, cluster: test}
        admin: {address: {socket_address: {address: 127.0.0.1, port_value: \(adminPort)}}}
        dynamic_resources:
          ads_config:
            api_type: DELTA_GRPC
            transport_api_version: V3
            set_node_on_first_message_only: true
            grpc_services: [{envoy_grpc: {cluster_name: xds}}]
          cds_config: {ads: {}, resource_api_version: V3}
          lds_config: {ads: {}, resource_api_version: V3}
        static_resources:
          listeners:
        \(backends.map(backend).joined(separator: "\n"))
          clusters:
          - name: xds
            type: STATIC
            connect_timeout: 1s
            typed_extension_protocol_options:
              envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                explicit_http_config:
                  http2_protocol_options: {connection_keepalive: {interval: 30s, timeout: 5s}}
            load_assignment:
              cluster_name: xds
              endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: "\(socket)"}}}}]}]
        """
    }

    private func backend(_ name: String, port: UInt16) -> String {
        """
          - name: backend-\(name)
            address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}
            filter_chains:
            - filters:
              - name: envoy.filters.network.http_connection_manager
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                  stat_prefix: backend-\(name)
                  route_config:
                    virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{match: {prefix: /}, direct_response: {status: 200, body: {inline_string: "\(name)"}}}]
                  http_filters:
                  - name: envoy.filters.http.router
                    typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
        """
    }
}
