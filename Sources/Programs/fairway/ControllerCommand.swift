import ArgumentParser
import DiscoveryServer
import EnvoyProcess
import Foundation
import GatewayController
import KubernetesClient
import Logging
import NetTypes
import ServiceLifecycle
import TLSMaterial
import Telemetry
import TrafficPlan

struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller",
        abstract: "Run the ingress controller against any Kubernetes API server.",
        discussion: """
            With --local-envoy it starts an Envoy on this machine, as `fairway up` does. Without it, Envoys that run \
            elsewhere come to --xds-address by delta ADS over mutual TLS. docs/operations.md has the roles (RBAC) that \
            it needs and a bootstrap for such Envoys.

            EXAMPLES
              fairway controller --kubeconfig ~/.kube/config --local-envoy
              fairway controller --xds-address 0.0.0.0:18000 \\
                --xds-cert tls.crt --xds-key tls.key --xds-client-ca ca.crt
            """)

    @Option(help: "The kubeconfig; else KUBECONFIG, the pod's service account, then ~/.kube/config.")
    var kubeconfig: String?

    @Option(name: .customLong("data-dir"), help: "Where sockets and the last good configuration are kept.")
    var dataDirectory = ".fairway"

    @Flag(name: .customLong("local-envoy"), help: "Start an Envoy on this machine.")
    var hasLocalEnvoy = false

    @Option(name: .customLong("xds-address"), help: "Where Envoys elsewhere connect: address:port.")
    var discoveryAddress = "127.0.0.1:18000"

    @Option(name: .customLong("xds-cert"), help: "PEM file: the certificate that Envoys verify.")
    var certificateFile: String?

    @Option(name: .customLong("xds-key"), help: "PEM file: its private key.")
    var keyFile: String?

    @Option(name: .customLong("xds-client-ca"), help: "PEM file: the authority whose certificates Envoys must show.")
    var clientAuthorityFile: String?

    @Option(
        name: .customLong("lease-namespace"),
        help: "The namespace of the Lease by which one of several replicas leads; else the pod's or the context's.")
    var leaseNamespace: String?

    @Option(
        name: .customLong("policy-namespace"),
        help:
            "A namespace whose policies may be attached to an IngressClass, which is the whole gateway; may be repeated. Else that of the Lease."
    )
    var policyNamespaces: [String] = []

    @Flag(
        name: .customLong("xds-plaintext"),
        help:
            "Let Envoys come without TLS, on a loopback address only. Every user of this machine can then ask for keys."
    )
    var allowsPlaintext = false

    @OptionGroup var listeners: ListenerOptions
    @OptionGroup var limiter: LimiterOptions
    @OptionGroup var remoteLimiter: RemoteLimiterOptions
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        if !hasLocalEnvoy { _ = try discovery() }
    }

    func run() async throws {
        let logger = log.logger("fairway")
        let registry = bootstrapMetrics(logger: logger)
        try gateway.checkPorts(hasLocalEnvoy ? listeners : nil, dataDirectory: dataDirectory)
        if !hasLocalEnvoy {
            let (_, port, address) = try parsedDiscoveryAddress()
            try Ports.check([PortClaim(address: address, port: port, flag: "--xds-address")])
        }
        try FileManager.default.createDirectory(
            atPath: dataDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let connection = try ClusterConnection.automatic(
            kubeconfig: kubeconfig, environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(connection: connection, logger: logger)
        let counters = try limiter.counting.open(logger: logger)
        let remote = hasLocalEnvoy ? nil : try discovery()
        let ownNamespace = leaseNamespace ?? connection.namespace
        let gateway = try Gateway(
            client: client,
            configuration: gateway.configuration(
                listeners: listeners,
                defaultCertificate: try DefaultCertificate(dataDirectory: dataDirectory).certificate(),
                dataDirectory: dataDirectory,
                identity: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)",
                leaseNamespace: ownNamespace,
                operatorNamespaces: policyNamespaces.isEmpty ? [ownNamespace] : Set(policyNamespaces),
                limiter: try remote.map { try remoteLimiter.place(limiter, counters, tls: $0.tls) }
                    ?? limiter.local(counters),
                remote: remote),
            registry: registry, logger: logger)
        do {
            try await fairway.run([ControllerService(gateway: gateway)], logger: logger)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func discovery() throws -> DiscoveryConfiguration {
        let (host, port, address) = try parsedDiscoveryAddress()
        var tls: DiscoveryConfiguration.MutualTLS?
        if let certificateFile, let keyFile, let clientAuthorityFile {
            tls = DiscoveryConfiguration.MutualTLS(
                certificateChainFile: certificateFile, privateKeyFile: keyFile,
                clientAuthorityFile: clientAuthorityFile)
        } else if certificateFile != nil || keyFile != nil || clientAuthorityFile != nil {
            throw ValidationError("--xds-cert, --xds-key and --xds-client-ca go together")
        } else if !address.isLoopback || !allowsPlaintext {
            throw ValidationError(
                "--xds-address \(discoveryAddress): private keys pass there, so it needs --xds-cert, --xds-key and "
                    + "--xds-client-ca (or --local-envoy; or, on a loopback address, --xds-plaintext)")
        }
        return DiscoveryConfiguration(address: .tcp(host: host, port: Int(port)), tls: tls)
    }

    private func parsedDiscoveryAddress() throws -> (host: String, port: UInt16, address: IPAddress) {
        guard let colon = discoveryAddress.lastIndex(of: ":"),
            let port = UInt16(discoveryAddress[discoveryAddress.index(after: colon)...])
        else { throw ValidationError("--xds-address \(discoveryAddress): write address:port, such as 0.0.0.0:18000") }
        let host = discoveryAddress[..<colon].trimmingCharacters(in: ["[", "]"])
        guard let address = IPAddress(host) else {
            throw ValidationError("--xds-address \(discoveryAddress): \(host) is not an IP address")
        }
        return (host, port, address)
    }

    private struct ControllerService: Service {
        let gateway: Gateway

        func run() async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await gateway.run() }
                group.addTask { if await gateway.waitUntilCurrent() { say("ready") } }
                for try await _ in group {}
            }
        }
    }
}
