import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to one Envoy's admin interface over its unix socket.
package struct EnvoyAdmin: Hashable, Sendable {
    package let socketPath: String

    package init(socketPath: String) {
        self.socketPath = socketPath
    }

    /// True once Envoy has its first configuration and its listeners are open. False too when it does not answer.
    package func isReady() async -> Bool {
        // Not answering is the normal case while it starts.
        (try? await get("/ready", limit: 1 << 10)) != nil
    }

    /// Envoy's own numbers as Prometheus text, without those that never changed.
    package func prometheusText() async throws -> String {
        String(buffer: try await get("/stats/prometheus?usedonly", limit: 64 << 20))
    }

    enum State: String, Decodable, Sendable {
        case live = "LIVE"
        case draining = "DRAINING"
        case preInitializing = "PRE_INITIALIZING"
        case initializing = "INITIALIZING"
    }

    func state() async throws -> State {
        struct ServerInfo: Decodable {
            var state: State
        }
        let body = try await get("/server_info", limit: 1 << 20)
        return try JSONDecoder().decode(ServerInfo.self, from: Data(body.readableBytesView)).state
    }

    /// Requests in flight on all listeners, open WebSockets included, the admin interface's own left out.
    func activeRequests() async throws -> Int {
        let text = String(
            buffer: try await get("/stats?type=Gauges&filter=downstream_rq_active", limit: 16 << 20))
        return Self.activeRequests(inStats: text)
    }

    static func activeRequests(inStats text: String) -> Int {
        text.split(separator: "\n").reduce(0) { sum, line in
            guard line.hasPrefix("http."), !line.hasPrefix("http.admin."), let colon = line.lastIndex(of: ":"),
                line[..<colon].hasSuffix(".downstream_rq_active")
            else { return sum }
            return sum + (Int(line[line.index(after: colon)...].drop { $0 == " " }) ?? 0)
        }
    }

    /// From now on responses ask clients to close, and HTTP/2 clients get a GOAWAY.
    func failHealthChecks() async throws { try await post("/healthcheck/fail") }

    /// Closes the listening sockets; connections that are open go on.
    func closeListeners() async throws { try await post("/drain_listeners") }

    func quit() async throws { try await post("/quitquitquit") }

    private func post(_ path: String) async throws {
        _ = try await send(.POST, path, limit: 1 << 16)
    }

    private func get(_ path: String, limit: Int) async throws -> ByteBuffer { try await send(.GET, path, limit: limit) }

    private func send(_ method: HTTPMethod, _ path: String, limit: Int) async throws -> ByteBuffer {
        let host = socketPath.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socketPath
        var request = HTTPClientRequest(url: "http+unix://\(host)\(path)")
        request.method = method
        // The socket's path is not a host name that HTTP allows.
        request.headers.replaceOrAdd(name: "host", value: "envoy")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
        let body = try await response.body.collect(upTo: limit)
        guard response.status == .ok else {
            throw EnvoyProcessError(
                .adminUnreachable, "Envoy's admin interface answered \(path) with \(response.status.code)")
        }
        return body
    }
}
