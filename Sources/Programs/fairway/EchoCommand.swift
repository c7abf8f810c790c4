import ArgumentParser
import EchoServer
import EnvoyProcess
import Foundation
import Logging
import NetTypes
import ServiceLifecycle

struct EchoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo",
        abstract: "A small server that answers with what it received, for demos and tests.",
        discussion: """
            Speaks HTTP/1.1, HTTP/2 (with prior knowledge, or by ALPN), WebSocket, gRPC and server-sent events. The \
            answer is JSON: method, path, headers, addresses, TLS, body. Queries make it misbehave on purpose: \
            ?status=503, ?delay=2s, ?size=1048576, ?drip=10, ?hang=1, ?reset=1, ?header=x-cost:5. /sse sends events, \
            /healthz says ok.

            EXAMPLES
              fairway echo --port 9081 --name hello-v1
              fairway echo --port 9081 --tls-port 9444
              curl -s 'http://127.0.0.1:9081/cart?status=418'
            """)

    @Option(help: "The address to listen on.")
    var bind = "127.0.0.1"

    @Option(help: "The port for HTTP/1.1 and HTTP/2 without TLS; 0 for any.")
    var port: UInt16 = 9080

    @Option(name: .customLong("tls-port"), help: "The port for TLS; 0 for any. Without it there is none.")
    var tlsPort: UInt16?

    @Option(
        name: .customLong("tls-cert"), help: "A PEM file with the certificate chain; else a self-signed one is made.")
    var certificateFile: String?

    @Option(name: .customLong("tls-key"), help: "A PEM file with its private key.")
    var keyFile: String?

    @Option(help: "Who answers, in every answer; else POD_NAME or the host's name.")
    var name: String?

    @Option(
        name: .customLong("stop-delay"), help: "Seconds to go on serving after SIGTERM, for load balancers to notice.")
    var stopDelay: Int = 0

    @OptionGroup var log: LogOptions

    func validate() throws {
        if (certificateFile == nil) != (keyFile == nil) {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
    }

    func run() async throws {
        let logger = log.logger("fairway.echo")
        var configuration = EchoConfiguration(
            host: bind, port: port, tlsPort: tlsPort,
            identity: EchoIdentity(name: name, environment: ProcessInfo.processInfo.environment),
            stopDelay: .seconds(stopDelay))
        if let certificateFile, let keyFile {
            configuration.tls = EchoConfiguration.TLS(
                certificateChain: try read(certificateFile, flag: "--tls-cert"),
                privateKey: try read(keyFile, flag: "--tls-key"))
        }
        try Ports.check(claims)
        let server = AnnouncedEcho(server: EchoServer(configuration: configuration, logger: logger))
        try await fairway.run([server], logger: logger)
    }

    /// None when the address is a name, or the kernel chooses the port.
    private var claims: [PortClaim] {
        guard let address = IPAddress(bind) else { return [] }
        return [
            PortClaim(address: address, port: port, flag: "--port"),
            PortClaim(address: address, port: tlsPort ?? 0, flag: "--tls-port"),
        ].filter { $0.port != 0 }
    }

    private func read(_ file: String, flag: String) throws -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ValidationError("\(flag) \(file): the file cannot be read")
        }
    }

    private struct AnnouncedEcho: Service {
        let server: EchoServer

        func run() async throws {
            try await server.run { ports in
                if let plain = ports.plain { say("http   port \(plain)") }
                if let tls = ports.tls { say("https  port \(tls)") }
                say("ready")
            }
        }
    }
}
