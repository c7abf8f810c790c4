import ArgumentParser
import EnvoyProcess
import Foundation
import GatewayController
import KubernetesClient
import KubernetesModel
import LocalCluster
import Logging
import Manifests
import Metrics
import NetTypes
import ServiceLifecycle
import TLSMaterial
import Telemetry
import TrafficPlan

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run everything on this machine: a local Kubernetes API, the controller and Envoy.",
        discussion: """
            Applies the manifests in the given files and folders, follows their changes, and says `ready` once Envoy \
            serves what they ask for. Needs no root. Ctrl-C or SIGTERM drains and stops; a second one stops at once.

            EXAMPLES
              fairway up Examples/hello
              fairway up shop.yaml manifests/ --http-port 8000
              KUBECONFIG=.fairway/kubeconfig kubectl get ingress
            """)

    @Argument(help: "Files or folders with Kubernetes manifests (YAML or JSON).")
    var paths: [String] = []

    @OptionGroup var listeners: ListenerOptions
    @OptionGroup var api: APIOptions
    @OptionGroup var limiter: LimiterOptions
    @OptionGroup var gateway: GatewayOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let logger = log.logger("fairway")
        let registry = bootstrapMetrics(logger: logger)
        try Ports.check(api.claims())
        try gateway.checkPorts(listeners, dataDirectory: api.dataDirectory)
        let cluster = try api.cluster(logger: logger)
        let up = UpService(command: self, cluster: cluster, registry: registry, logger: logger)
        try await fairway.run([cluster, up], logger: logger)
    }
}

/// Everything of `fairway up` that waits for the local API.
private struct UpService: ServiceLifecycle.Service {
    let command: UpCommand
    let cluster: LocalCluster
    let registry: PrometheusRegistry
    let logger: Logger

    func run() async throws {
        _ = try await cluster.whenReady
        try cluster.writeKubeconfig(to: command.api.kubeconfig)
        let connection = try ClusterConnection.kubeconfig(
            path: command.api.kubeconfig, environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(connection: connection, logger: logger)
        do {
            try await serve(client)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func serve(_ client: KubernetesClient) async throws {
        try await applyDefaultClass(client)
        let follower = try ManifestFollower(paths: command.paths, client: client, logger: logger)
        let gateway = try Gateway(
            client: client,
            configuration: command.gateway.configuration(
                listeners: command.listeners, defaultCertificate: try defaultCertificate(),
                dataDirectory: command.api.dataDirectory,
                // One process a data directory, so it may take up the lease of one that crashed without waiting.
                identity: "fairway-up", leaseNamespace: "kube-system",
                limiter: command.limiter.local(try command.limiter.counting.open(logger: logger))),
            registry: registry, logger: logger)
        let (passes, passed) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { passed.finish() }
                try await follow(follower) { passed.finish() }
            }
            // The first plan holds all manifests: the controller starts after they are applied.
            for await _ in passes {}
            group.addTask { try await gateway.run() }
            group.addTask { if await gateway.waitUntilCurrent() { await announce(gateway) } }
            // On shutdown the follower ends at once; the gateway drains first.
            for try await _ in group {}
        }
    }

    private func follow(_ follower: ManifestFollower, firstPassDone: @escaping @Sendable () -> Void) async throws {
        try await cancelWhenGracefulShutdown {
            do {
                try await follower.run(firstPassDone: firstPassDone)
            } catch {
                // A request that is interrupted fails in its own way.
                guard Task.isCancelled else { throw error }
            }
        }
    }

    /// The class that Ingresses without a class belong to.
    private func applyDefaultClass(_ client: KubernetesClient) async throws {
        let object: JSONValue = [
            "apiVersion": .string(IngressClass.resource.apiVersion), "kind": "IngressClass",
            "metadata": [
                "name": "fairway", "annotations": ["ingressclass.kubernetes.io/is-default-class": "true"],
            ],
            "spec": ["controller": .string(ControllerConfiguration.controllerName)],
        ]
        _ = try await client.apply(
            object, as: IngressClass.resource, fieldManager: "fairway-up", force: true)
    }

    /// Signed by the local authority, so that `curl --cacert` can verify `*.fairway.localhost`.
    private func defaultCertificate() throws -> Certificate {
        let issued = try cluster.issueCertificate(
            CertificateRequest(
                commonName: "fairway default certificate",
                dnsNames: ["localhost", "*.localhost", "*.fairway.localhost"],
                ipAddresses: [IPAddress.v4(127, 0, 0, 1).bytes]))
        let authority = command.api.dataDirectory + "/ca.crt"
        try cluster.authorityCertificate.write(toFile: authority, atomically: true, encoding: .utf8)
        return Certificate(chain: issued.chain, key: PrivateKey(pem: issued.key.text), origin: .builtIn)
    }

    private func announce(_ gateway: Gateway) async {
        let host = command.listeners.shownHost
        say("http     http://\(host):\(command.listeners.httpPort)")
        say(
            "https    https://\(host):\(command.listeners.httpsPort)   default certificate signed by "
                + "\(command.api.dataDirectory)/ca.crt")
        say("kubectl  export KUBECONFIG=\(command.api.kubeconfig)")
        say("admin    http://\(command.gateway.adminHost):\(command.gateway.adminPort)   /readyz /livez /metrics")
        for line in await gateway.controller.routesText().split(separator: "\n") { say("  \(line)") }
        say("ready")
    }
}
