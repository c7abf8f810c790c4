import ArgumentParser
import DiscoveryServer
import EnvoyProcess
import Foundation
import Logging
import NetTypes
import RateLimitService
import RateLimiter
import ServiceLifecycle
import Telemetry

struct RateLimitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ratelimit",
        abstract: "Run a limiter: count requests for proxies elsewhere.",
        discussion: """
            Proxies ask it over gRPC (Envoy's rate limit service, v3) and the controller tells it the limits, before any \
            proxy hears of them. Run as many as you like behind one name, with shared counters in Redis or Valkey. It is \
            ready once it has the controller's limits; SIGTERM finishes the questions it has and stops.

            EXAMPLES
              fairway ratelimit --controller fairway:18000 --listen 0.0.0.0:18001 \\
                --counters redis://redis:6379 --tls-cert tls.crt --tls-key tls.key --tls-ca ca.crt
              fairway ratelimit --controller 127.0.0.1:18000 --listen 127.0.0.1:18001 --plaintext
              fairway limits --admin http://127.0.0.1:7081
            """)

    @Option(help: "The controller's --xds-address, as this machine sees it: host:port.")
    var controller = "127.0.0.1:18000"

    @Option(help: "Where proxies ask: address:port.")
    var listen = "127.0.0.1:18001"

    @Option(name: .customLong("tls-cert"), help: "PEM file: the certificate that proxies and the controller verify.")
    var certificateFile: String?

    @Option(name: .customLong("tls-key"), help: "PEM file: its private key.")
    var keyFile: String?

    @Option(name: .customLong("tls-ca"), help: "PEM file: the authority of proxies and of the controller.")
    var authorityFile: String?

    @Option(
        name: .customLong("controller-name"),
        help: "The name in the controller's certificate, where it is not the host of --controller.")
    var controllerName: String?

    @Flag(help: "Speak without TLS, on loopback addresses only.")
    var plaintext = false

    @Option(name: .customLong("admin-port"), help: "The port for /readyz, /livez, /metrics and `fairway limits`.")
    var adminPort: UInt16 = 7081

    @Option(name: .customLong("admin-bind"), help: "The address for the admin port. It has no authentication.")
    var adminHost = "127.0.0.1"

    @OptionGroup var counting: CounterOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        _ = try addresses()
        _ = try tls()
    }

    func run() async throws {
        let logger = log.logger("fairway.ratelimit")
        let registry = bootstrapMetrics(logger: logger)
        let (controller, listen, bind) = try addresses()
        guard let admin = IPAddress(adminHost) else {
            throw ValidationError("--admin-bind \(adminHost): not an IP address")
        }
        try Ports.check([
            PortClaim(address: bind, port: listen.port, flag: "--listen"),
            PortClaim(address: admin, port: adminPort, flag: "--admin-port"),
        ])
        let tls = try tls()
        let counters = try counting.open(logger: logger)
        let sets = LimitSetHolder(limiter: RateLimiter(counters: counters.store, logger: logger), logger: logger)
        let follower = LimitSetFollower(
            configuration: LimitSetFollower.Configuration(
                host: controller.host, port: Int(controller.port), tls: tls, serverName: controllerName,
                identity: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"),
            sets: sets, logger: logger)
        let server = try LimiterServer(
            address: .tcp(host: listen.host, port: Int(listen.port)), tls: tls, sets: sets, logger: logger)
        let synced = ReadinessCheck(name: "limits") {
            follower.isSynced ? .ready : .notReady("the controller's limits have not come yet")
        }
        let adminServer = AdminServer(
            configuration: AdminServer.Configuration(host: adminHost, port: adminPort), registry: registry,
            checks: [synced] + [counters.readiness].compactMap(\.self),
            endpoints: LimitEndpoints.all(of: sets.limiter), logger: logger)
        let limiter = Limiter(server: server, follower: follower, admin: adminServer, counters: counters)
        try await fairway.run([limiter], logger: logger)
    }

    private func addresses() throws -> (controller: AddressArgument, listen: AddressArgument, bind: IPAddress) {
        let listen = try AddressArgument(listen, flag: "--listen")
        return (
            try AddressArgument(controller, flag: "--controller"), listen, try listen.address(flag: "--listen")
        )
    }

    private func tls() throws -> DiscoveryConfiguration.MutualTLS? {
        if let certificateFile, let keyFile, let authorityFile {
            return DiscoveryConfiguration.MutualTLS(
                certificateChainFile: certificateFile, privateKeyFile: keyFile, clientAuthorityFile: authorityFile)
        }
        if certificateFile != nil || keyFile != nil || authorityFile != nil {
            throw ValidationError("--tls-cert, --tls-key and --tls-ca go together")
        }
        let (controller, _, bind) = try addresses()
        let isNear =
            bind.isLoopback && (controller.host == "localhost" || IPAddress(controller.host)?.isLoopback == true)
        guard plaintext, isNear else {
            throw ValidationError(
                "--listen \(listen): whoever reaches it can use up budgets, so it needs --tls-cert, --tls-key and "
                    + "--tls-ca (or, with everything on loopback addresses, --plaintext)")
        }
        return nil
    }
}

/// Serves proxies once the limits have come; stops with a drained server.
private struct Limiter: ServiceLifecycle.Service {
    let server: LimiterServer
    let follower: LimitSetFollower
    let admin: AdminServer
    let counters: CounterOptions.Opened

    func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await withGracefulShutdownHandler {
                    try await server.run()
                } onGracefulShutdown: {
                    server.beginGracefulShutdown()
                }
                return true
            }
            group.addTask {
                try await follower.run()
                return false
            }
            group.addTask {
                try await admin.run()
                return false
            }
            group.addTask { await announce() }
            if let run = counters.run {
                group.addTask {
                    await run()
                    return false
                }
            }
            while let isOver = try await group.next() {
                if isOver { break }
            }
            group.cancelAll()
        }
    }

    private func announce() async -> Bool {
        while !follower.isSynced, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))  // Cancelled: nothing to announce.
        }
        if follower.isSynced { say("ready") }
        return false
    }
}
