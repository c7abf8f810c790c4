import AsyncHTTPClient
import Foundation
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL

/// The HTTP edge: two clients (calls, watches), credentials on every request, HTTP answers turned into errors. Never
/// follows a redirect, since that would hand the token to somebody else.
final class APITransport: Sendable {
    private let connection: ClusterConnection
    private let configuration: KubernetesClient.Configuration
    private let credentials: CredentialSource
    private let calls: HTTPClient
    private let watches: HTTPClient
    private let logger: Logger

    init(
        connection: ClusterConnection, configuration: KubernetesClient.Configuration, logger: Logger
    ) throws(KubernetesError) {
        self.connection = connection
        self.configuration = configuration
        self.logger = logger
        credentials = try CredentialSource(connection: connection)
        calls = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup,
            configuration: Self.http(connection, idle: configuration.callTimeout, version: .automatic))
        // A connection each over HTTP/1.1, so that one slow consumer cannot hold up the others' flow control.
        watches = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup,
            configuration: Self.http(connection, idle: configuration.watchIdleTimeout, version: .http1Only))
    }

    func shutdown() async {
        for client in [calls, watches] {
            do {
                try await client.shutdown()
            } catch {
                logger.debug("HTTP client did not shut down cleanly", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Sends a request and reads the whole answer.
    func call(_ request: APIRequest) async throws(KubernetesError) -> Data {
        do {
            return try await answer(request)
        } catch  where error.code == .transport && request.isIdempotent {
            // A kept-alive connection that the server closed while the request was on its way.
            return try await answer(request)
        }
    }

    private func answer(_ request: APIRequest) async throws(KubernetesError) -> Data {
        let response = try await send(request, through: calls)
        let body = try await collect(response, request, limit: configuration.maximumResponse)
        guard (200..<300).contains(response.status.code) else { throw refusal(response, body, request) }
        return body
    }

    /// Sends a watch and returns when the server has accepted it.
    func open(_ request: APIRequest) async throws(KubernetesError) -> HTTPClientResponse {
        let response = try await send(request, through: watches)
        guard response.status == .ok else {
            let body = try await collect(response, request, limit: 1 << 20)
            throw refusal(response, body, request)
        }
        return response
    }

    private func send(
        _ request: APIRequest, through client: HTTPClient
    ) async throws(KubernetesError) -> HTTPClientResponse {
        let response = try await sendOnce(request, through: client)
        // Rotated while the request was on its way, or an expired plugin credential: once more with fresh ones.
        guard response.status == .unauthorized, await credentials.refused() else { return response }
        return try await sendOnce(request, through: client)
    }

    private func sendOnce(
        _ request: APIRequest, through client: HTTPClient
    ) async throws(KubernetesError) -> HTTPClientResponse {
        let current = try await credentials.current()
        var http = HTTPClientRequest(url: baseURL + request.target)
        http.method = HTTPMethod(rawValue: request.method)
        http.headers.add(name: "User-Agent", value: configuration.userAgent)
        http.headers.add(name: "Accept", value: "application/json")
        if connection.serverName != nil { http.headers.add(name: "Host", value: hostAndPort) }
        for header in current.headers { http.headers.add(name: header.name, value: header.value) }
        if let body = request.body {
            http.headers.add(name: "Content-Type", value: request.contentType ?? "application/json")
            http.body = .bytes(ByteBuffer(bytes: body))
        }
        http.tlsConfiguration = current.tls
        do {
            return try await client.execute(http, timeout: .init(configuration.callTimeout), logger: logger)
        } catch {
            throw failure(error, request)
        }
    }

    private func collect(
        _ response: HTTPClientResponse, _ request: APIRequest, limit: Int
    ) async throws(KubernetesError) -> Data {
        do {
            let buffer = try await response.body.collect(upTo: limit)
            return Data(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw KubernetesError(
                .undecodable, operation: request.operation, subject: request.subject,
                message: "the answer is larger than \(limit) bytes")
        } catch {
            throw failure(error, request)
        }
    }
}

extension APITransport {
    /// The URL's part before the path. With `tls-server-name` that name stands in for the host, so that TLS asks for it
    /// and checks it, and `dnsOverride` leads the connection to the real host.
    private var baseURL: String {
        guard let name = connection.serverName, let server = ServerURL(connection.server) else {
            return connection.server
        }
        return "\(server.scheme)://\(name)\(server.port.map { ":\($0)" } ?? "")\(server.path)"
    }

    private var hostAndPort: String {
        guard let server = ServerURL(connection.server) else { return connection.server }
        return server.host + (server.port.map { ":\($0)" } ?? "")
    }

    private static func http(
        _ connection: ClusterConnection, idle: Duration, version: HTTPClient.Configuration.HTTPVersion
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .init(idle)),
            decompression: .disabled)
        configuration.httpVersion = version
        // Retrying is the caller's: with backoff, and with a word to the log.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.idleTimeout = .seconds(30)
        configuration.http1_1ConnectionDebugInitializer = Self.keepAlive
        configuration.http2ConnectionDebugInitializer = Self.keepAlive
        if let name = connection.serverName, let server = ServerURL(connection.server) {
            configuration.dnsOverride = [name: server.bareHost]
        }
        return configuration
    }

    /// The kernel finds a vanished peer within 30 seconds, also on a watch where nothing is due for longer: idle probes
    /// when all is quiet, and a limit on unacknowledged data.
    private static let keepAlive: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
        func tcp(_ name: CInt) -> ChannelOptions.Types.SocketOption {
            .init(level: .tcp, name: .init(rawValue: name))
        }
        let settings: [(ChannelOptions.Types.SocketOption, Int)] = [
            (.init(level: .socket, name: .so_keepalive), 1), (tcp(TCP_KEEPIDLE), 15), (tcp(TCP_KEEPINTVL), 5),
            (tcp(TCP_KEEPCNT), 3), (tcp(TCP_USER_TIMEOUT), 30_000),
        ]
        return EventLoopFuture.andAllSucceed(
            settings.map { channel.setOption($0.0, value: $0.1) }, on: channel.eventLoop)
    }
}

extension APITransport {
    private func refusal(_ response: HTTPClientResponse, _ body: Data, _ request: APIRequest) -> KubernetesError {
        // A proxy in between answers with text or HTML; then the status code is all there is to say.
        let status = try? JSONDecoder().decode(APIStatus.self, from: body)
        let seconds =
            response.headers.first(name: "Retry-After").flatMap { Int($0) } ?? status?.details?.retryAfterSeconds
        let code = Int(response.status.code)
        var message = status?.message ?? "the server answered \(code) \(response.status.reasonPhrase)"
        if let place = response.headers.first(name: "Location"), (300..<400).contains(code) {
            message = "the server redirects to \(place), which is not followed with credentials"
        }
        if code == 401 { message += " (credentials: \(connection.origin))" }
        return KubernetesError(
            .init(httpStatus: code, reason: status?.reason), operation: request.operation, subject: request.subject,
            message: message, status: status, retryAfter: seconds.map { .seconds(min(max($0, 0), 600)) })
    }

    private static let timeouts: [HTTPClientError] = [
        .readTimeout, .writeTimeout, .deadlineExceeded, .connectTimeout, .getConnectionFromPoolTimeout,
        .tlsHandshakeTimeout,
    ]

    func failure(_ error: any Error, _ request: APIRequest) -> KubernetesError {
        func made(_ code: KubernetesError.Code, _ message: String) -> KubernetesError {
            KubernetesError(
                code, operation: request.operation, subject: request.subject, message: message, cause: error)
        }
        switch error {
        case let error as KubernetesError:
            return error
        case is CancellationError:
            return made(.cancelled, "cancelled")
        case let error as HTTPClientError where error == .cancelled:
            return made(.cancelled, "cancelled")
        case let error as HTTPClientError where Self.timeouts.contains(error):
            return made(.timeout, "no answer from \(connection.server) in time")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            let authority = connection.certificateAuthority?.description ?? "the system's authorities"
            return made(
                .transport,
                "TLS with \(connection.server) failed: \(error); trusted: \(authority) (\(connection.origin))")
        default:
            return made(.transport, "\(connection.server): \(error)")
        }
    }
}

/// The parts of a server's URL.
struct ServerURL {
    var scheme: String
    /// With brackets around an IPv6 address.
    var host: String
    var port: Int?
    var path: String

    init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host,
            !host.isEmpty
        else { return nil }
        self.scheme = scheme
        self.host = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        port = parts.port
        path = parts.path
    }

    var bareHost: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
}
