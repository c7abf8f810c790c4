import EchoServer
import Foundation
import Logging
import TLSMaterial

/// An echo server on 127.0.0.1: HTTP/1.1, h2c, WebSocket and gRPC, and TLS where it has a certificate. It answers with
/// what it received, and who it is.
struct Backend: Sendable {
    var name: String
    var port: UInt16
    var server: EchoServer?

    /// Serves until `body` returns.
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - tls: present: the port speaks TLS with this certificate.
    static func run<Result: Sendable>(
        _ name: String, host: String = "127.0.0.1", tls: IssuedCertificate? = nil,
        _ body: @escaping @Sendable (Backend) async throws -> Result
    ) async throws -> Result {
        let configuration = EchoConfiguration(
            host: host, port: tls == nil ? 0 : nil, tlsPort: tls == nil ? nil : 0,
            tls: tls.map { .init(certificateChain: $0.chain, privateKey: $0.key.text) },
            identity: EchoIdentity(name: name), stopTimeout: .zero)
        let server = EchoServer(configuration: configuration, logger: Logger(label: "echo"))
        let (ports, opened) = AsyncStream<EchoPorts>.makeStream()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await server.run { opened.yield($0) }
                return nil
            }
            group.addTask {
                defer { server.stop() }
                guard let ports = await ports.first(where: { _ in true }), let port = ports.plain ?? ports.tls else {
                    throw CancellationError()
                }
                return try await body(Backend(name: name, port: port, server: server))
            }
            var result: Result?
            while let next = try await group.next() { result = result ?? next }
            guard let result else { throw CancellationError() }
            return result
        }
    }

    /// Serves several.
    static func run<Result: Sendable>(
        _ names: [String], started: [Backend] = [],
        _ body: @escaping @Sendable ([Backend]) async throws -> Result
    ) async throws -> Result {
        guard let name = names.first else { return try await body(started) }
        return try await run(name) { backend in
            try await run(Array(names.dropFirst()), started: started + [backend], body)
        }
    }
}

/// A request as it reached a backend, in the backend's words.
struct Echo: Decodable, Sendable {
    struct Server: Decodable, Sendable { var name: String }

    struct Body: Decodable, Sendable {
        var size: Int
        var text: String?
    }

    struct TLS: Decodable, Sendable {
        var version: String?
        var sni: String?
        var alpn: String?
    }

    var server: Server
    var method: String
    var path: String
    var query: String
    var host: String?
    var httpVersion: String
    /// Names in lower case, values of one name joined by commas.
    var headers: [String: String]
    var body: Body
    var tls: TLS?

    /// Which backend answered.
    var name: String { server.name }
    var target: String { query.isEmpty ? path : "\(path)?\(query)" }

    func header(_ name: String) -> String? { headers[name] }
}
