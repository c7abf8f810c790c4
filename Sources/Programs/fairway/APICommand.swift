import ArgumentParser
import EnvoyProcess
import Foundation
import LocalCluster
import Logging
import NetTypes
import ServiceLifecycle

struct APICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api",
        abstract: "Run the local Kubernetes API alone.",
        discussion: """
            For development: several controllers, kubectl and tests against one API server without a cluster. It keeps \
            objects; it has no kubelet, no scheduler and no RBAC. `fairway up` contains it.

            EXAMPLES
              fairway api --data-dir .fairway
              KUBECONFIG=.fairway/kubeconfig kubectl get ingresses -A
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        let logger = log.logger("fairway.api")
        try Ports.check(api.claims())
        let cluster = try api.cluster(logger: logger)
        let announcer = Announcer(cluster: cluster, kubeconfig: api.kubeconfig)
        try await fairway.run([cluster, announcer], logger: logger)
    }

    /// Writes the kubeconfig once the port is known.
    private struct Announcer: ServiceLifecycle.Service {
        let cluster: LocalCluster
        let kubeconfig: String

        func run() async throws {
            _ = try await cluster.whenReady
            try cluster.writeKubeconfig(to: kubeconfig)
            say("api      \(cluster.address)   export KUBECONFIG=\(kubeconfig)")
            say("ready")
            try await gracefulShutdown()
        }
    }
}

/// Where the local Kubernetes API listens and what it keeps.
struct APIOptions: ParsableArguments {
    @Option(name: .customLong("api-port"), help: "The port of the local Kubernetes API, on 127.0.0.1.")
    var port: UInt16 = 7443

    @Option(
        name: .customLong("data-dir"),
        help: "Where objects, certificates, sockets and the kubeconfig are kept; created if missing.")
    var dataDirectory = ".fairway"

    @Flag(name: .customLong("in-memory"), help: "Forget all objects at the end.")
    var isInMemory = false

    var kubeconfig: String { dataDirectory + "/kubeconfig" }

    func claims() -> [PortClaim] {
        [PortClaim(address: .v4(127, 0, 0, 1), port: port, flag: "--api-port")]
    }

    func cluster(logger: Logger) throws -> LocalCluster {
        try FileManager.default.createDirectory(
            atPath: dataDirectory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return try LocalCluster(
            configuration: LocalClusterConfiguration(
                port: port, dataDirectory: isInMemory ? nil : dataDirectory + "/cluster"),
            logger: logger)
    }
}

/// A line for the person at the terminal, on standard output at once.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
