import ArgumentParser
import CoreMetrics
import DiscoveryServer
import EnvoyProcess
import Foundation
import GatewayController
import KubernetesModel
import Logging
import NetTypes
import Telemetry
import TrafficPlan

/// What `up` and `controller` share.
struct GatewayOptions: ParsableArguments {
    @Option(name: .customLong("admin-port"), help: "The port for /readyz, /livez, /metrics and the CLI's questions.")
    var adminPort: UInt16 = 7080

    @Option(name: .customLong("admin-bind"), help: "The address for the admin port. It has no authentication.")
    var adminHost = "127.0.0.1"

    @Option(help: "Envoy's program; else .tools/bin/envoy and PATH are searched.")
    var envoy: String?

    @Option(
        name: .customLong("publish-address"),
        help:
            "An address or host name to write to each served Ingress's status; else the bind address. May be repeated.")
    var publishAddresses: [String] = []

    /// Says which port is taken before anything is started. The listeners' ports count as free when an Envoy of an
    /// earlier run holds them.
    func checkPorts(_ listeners: ListenerOptions?, dataDirectory: String) throws {
        try Ports.check(claims())
        guard let listeners else { return }
        let isOurs = EnvoySupervisor.hasLivingEnvoy(dataDirectory: Self.envoyDirectory(in: dataDirectory))
        if !isOurs { try Ports.check(listeners.claims()) }
    }

    private static func envoyDirectory(in dataDirectory: String) -> String { dataDirectory + "/envoy" }

    private func claims() throws -> [PortClaim] {
        guard let address = IPAddress(adminHost) else {
            throw ValidationError("--admin-bind \(adminHost): not an IP address")
        }
        return [PortClaim(address: address, port: adminPort, flag: "--admin-port")]
    }

    /// - Parameter identity: this process's in leases and events.
    func configuration(
        listeners: ListenerOptions, defaultCertificate: Certificate, dataDirectory: String, identity: String,
        leaseNamespace: String, operatorNamespaces: Set<String>? = nil, limiter: LimiterPlace,
        remote: DiscoveryConfiguration? = nil
    ) throws -> Gateway.Configuration {
        let controller = ControllerConfiguration(
            listeners: try listeners.planned(), defaultCertificate: defaultCertificate,
            publishedAddresses: publishedPoints(listeners), identity: identity, leaseNamespace: leaseNamespace,
            operatorNamespaces: operatorNamespaces)
        let local = EnvoyConfiguration(
            dataDirectory: Self.envoyDirectory(in: dataDirectory), binaryPath: envoy, ports: try listeners.claims())
        return Gateway.Configuration(
            controller: controller, proxies: remote.map { .remote($0) } ?? .local(local), limiter: limiter,
            lastGoodFile: dataDirectory + "/last-good.xds",
            admin: AdminServer.Configuration(host: adminHost, port: adminPort))
    }

    private func publishedPoints(_ listeners: ListenerOptions) -> [Ingress.Status.Point] {
        let addresses = publishAddresses.isEmpty ? [listeners.shownHost] : publishAddresses
        return addresses.map { text in
            IPAddress(text) == nil ? Ingress.Status.Point(hostname: text) : Ingress.Status.Point(ip: text)
        }
    }
}

extension ListenerOptions {
    /// The two listeners of an ingress gateway.
    func planned() throws -> [Listener] {
        let address = try address
        func listener(_ name: String, _ port: UInt16, _ transport: Listener.Transport) -> Listener {
            Listener(
                name: ListenerName(name), bind: SocketEndpoint(address: address, port: port), transport: transport,
                origin: .builtIn)
        }
        return [listener("http", httpPort, .plain), listener("https", httpsPort, .tls)]
    }

    func claims() throws -> [PortClaim] {
        let address = try address
        return [
            PortClaim(address: address, port: httpPort, flag: "--http-port"),
            PortClaim(address: address, port: httpsPort, flag: "--https-port"),
        ]
    }

    /// The address to tell people: a wildcard address is no place to go to.
    var shownHost: String { IPAddress(bind)?.isUnspecified == false ? bind : "127.0.0.1" }
}

func bootstrapMetrics(logger: Logger) -> PrometheusRegistry {
    let registry = PrometheusRegistry(logger: logger)
    MetricHelp.add(to: registry)
    registry.addCollector { ProcessCollector.families() + [ProcessCollector.buildInfo(version: FairwayVersion.text)] }
    MetricsSystem.bootstrap(registry)
    return registry
}
