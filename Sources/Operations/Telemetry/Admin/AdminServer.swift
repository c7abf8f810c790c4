import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// The admin port: `/livez`, `/readyz`, `/metrics`, and what the program adds.
///
/// It has no authentication: bind it to loopback, or to a network that only operators reach.
package struct AdminServer: Sendable {
    package struct Configuration: Sendable {
        package var host: String
        /// 0 lets the kernel choose; `onReady` tells which.
        package var port: UInt16
        /// The flag that sets the port, named when the port is taken.
        package var portFlag: String

        package init(host: String = "127.0.0.1", port: UInt16, portFlag: String = "--admin-port") {
            self.host = host
            self.port = port
            self.portFlag = portFlag
        }
    }

    private let configuration: Configuration
    private let registry: PrometheusRegistry
    private let checks: [ReadinessCheck]
    private let endpoints: [AdminEndpoint]
    private let metricsTail: @Sendable () async -> String
    private let logger: Logger

    /// - Parameters:
    ///   - checks: All must be ready for `/readyz` to answer 200.
    ///   - metricsTail: More Prometheus text for the end of `/metrics`, such as the local proxy's own.
    package init(
        configuration: Configuration, registry: PrometheusRegistry, checks: [ReadinessCheck],
        endpoints: [AdminEndpoint] = [], metricsTail: @escaping @Sendable () async -> String = { "" }, logger: Logger
    ) {
        self.configuration = configuration
        self.registry = registry
        self.checks = checks
        self.endpoints = endpoints
        self.metricsTail = metricsTail
        self.logger = logger
    }

    /// Serves until the task is cancelled or its service group shuts down.
    ///
    /// - Parameter onReady: Told the port once it is open.
    package func run(onReady: @escaping @Sendable (UInt16) async -> Void = { _ in }) async throws {
        // Hummingbird tells of its start at info; here the program's own lines are enough.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: router(),
            configuration: .init(address: .hostname(configuration.host, port: Int(configuration.port))),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) else { return }
                await onReady(port)
            },
            logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw AdminServerError(configuration: configuration, cause: error)
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("livez") { _, _ in Self.response(.text("ok\n")) }
        router.get("readyz") { [checks] request, _ in
            let report = await ReadinessReport.gathered(from: checks)
            let verbose = AdminRequest.items(ofQuery: request.uri.query).contains { $0.name == "verbose" }
            return Self.response(
                .text(report.text(endpoint: "readyz", verbose: verbose), status: report.isReady ? 200 : 503))
        }
        router.get("metrics") { [registry, metricsTail] _, _ in
            let text = registry.text() + (await metricsTail())
            return Self.response(AdminAnswer(contentType: Exposition.contentType, body: Array(text.utf8)))
        }
        for endpoint in endpoints {
            router.on(RouterPath(endpoint.path), method: endpoint.method == .get ? .get : .post) {
                [logger] request, _ in
                let asked = AdminRequest(
                    path: request.uri.path, query: AdminRequest.items(ofQuery: request.uri.query))
                do {
                    return Self.response(try await endpoint.handler(asked))
                } catch {
                    logger.error("Admin endpoint failed", metadata: ["path": "\(endpoint.path)", "error": "\(error)"])
                    return Self.response(.text("\(endpoint.path) failed: \(error)\n", status: 500))
                }
            }
        }
        return router
    }

    private static func response(_ answer: AdminAnswer) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        headers[.xContentTypeOptions] = "nosniff"
        headers[.cacheControl] = "no-store"
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
