import ArgumentParser
import Foundation
import KubernetesClient
import Logging
import NetTypes
import NodeAgent
import Telemetry

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Run the node agent: pod networks by CNI, routes between nodes, and Services.",
        discussion: """
            One for each node, as root in the node's network namespace. It installs its network configuration as soon \
            as it can serve, programs the kernel by netlink alone, and leaves everything in place when it ends: \
            traffic goes on, and the next agent takes over. docs/node.md tells more.

            EXAMPLES
              fairway node --node-name $(hostname) --kubeconfig /etc/kubernetes/fairway.conf
              fairway node services
              fairway node addresses
              fairway explain 10.96.0.1:443 --from default/web-1
              fairway node --cleanup
            """,
        subcommands: [NodeRunCommand.self, NodeServicesCommand.self, NodeAddressesCommand.self],
        defaultSubcommand: NodeRunCommand.self)
}

struct NodeRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the agent (the default).", shouldDisplay: false)

    @Option(
        name: .customLong("node-name"), help: "The name of this machine's Node object; else NODE_NAME or the host's.")
    var nodeName: String?

    @Option(help: "The kubeconfig; else KUBECONFIG, the pod's service account, then ~/.kube/config.")
    var kubeconfig: String?

    @Option(name: .customLong("admin-port"), help: "The port for /readyz, /livez, /metrics and the CLI's questions.")
    var adminPort: UInt16 = 7080

    @Option(name: .customLong("admin-bind"), help: "The address for the admin port. It has no authentication.")
    var adminHost = "127.0.0.1"

    @Option(name: .customLong("state-dir"), help: "Where the log of addresses and the socket for CNI are kept.")
    var stateDirectory = "/var/lib/fairway"

    @Option(name: .customLong("cni-conf-dir"), help: "Where container runtimes look for network configurations.")
    var configurationDirectory = "/etc/cni/net.d"

    @Option(name: .customLong("cni-bin-dir"), help: "Where container runtimes look for CNI programs.")
    var programDirectory = "/opt/cni/bin"

    @Option(name: .customLong("cni-program"), help: "The CNI program to install; else fairway-cni beside this program.")
    var networkProgram: String?

    @Option(
        name: .customLong("cluster-cidr"),
        help: "All pods' addresses, one range of each family; what leaves them is masqueraded. Else the nodes' ranges.")
    var clusterRanges: String?

    @Option(
        name: .customLong("service-cidr"),
        help: "Where ClusterIPs come from: an address in it that no Service has is refused at once.")
    var serviceRanges: String?

    @Option(
        name: .customLong("nodeport-addresses"),
        help: "Ranges whose addresses on this node answer NodePorts; else the node's primary addresses.")
    var nodePortRanges: String?

    @Option(help: "Of pods' links, in bytes; 0 takes what the network between the nodes allows.")
    var mtu = 0

    @Flag(name: .customLong("no-services"), help: "Leave Services to another program, such as kube-proxy.")
    var leavesServices = false

    @Flag(help: "Remove everything that the agent made on this node, and nothing else; then end.")
    var cleanup = false

    @OptionGroup var log: LogOptions

    func validate() throws {
        _ = try configuration()
    }

    func run() async throws {
        let logger = log.logger("fairway.node")
        let configuration = try configuration()
        guard !cleanup else {
            for line in try await NodeCleanup(configuration: configuration, logger: logger).run() { say(line) }
            return
        }
        let registry = bootstrapMetrics(logger: logger)
        let connection = try ClusterConnection.automatic(
            kubeconfig: kubeconfig, environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(connection: connection, logger: logger)
        let agent = NodeAgent(configuration: configuration, client: client, registry: registry, logger: logger) {
            say("ready")
        }
        do {
            try await fairway.run([agent], logger: logger)
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
    }

    private func configuration() throws -> NodeAgentConfiguration {
        let environment = ProcessInfo.processInfo.environment
        var configuration = NodeAgentConfiguration(
            nodeName: nodeName ?? environment["NODE_NAME"] ?? ProcessInfo.processInfo.hostName,
            stateDirectory: stateDirectory, networkConfigurationDirectory: configurationDirectory,
            networkProgramDirectory: programDirectory,
            admin: AdminServer.Configuration(host: adminHost, port: adminPort))
        configuration.clusterRanges = try ranges(clusterRanges, flag: "--cluster-cidr")
        configuration.serviceRanges = try ranges(serviceRanges, flag: "--service-cidr")
        configuration.nodePortRanges = try ranges(nodePortRanges, flag: "--nodeport-addresses")
        guard (0...65535).contains(mtu) else { throw ValidationError("--mtu \(mtu): from 0 to 65535") }
        configuration.mtu = mtu
        configuration.networkProgram = networkProgram
        configuration.handlesServices = !leavesServices
        return configuration
    }

    private func ranges(_ text: String?, flag: String) throws -> [IPPrefix] {
        try (text ?? "").split(separator: ",").map { part in
            guard let range = IPPrefix(part) else {
                throw ValidationError("\(flag) \(text ?? ""): \(part) is no range such as 10.244.0.0/16")
            }
            return range
        }
    }
}
