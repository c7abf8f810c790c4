import ArgumentParser
import Foundation
import Lab
import Logging
import NetTypes

struct LabUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Make the cluster, say `ready`, and keep it until Ctrl-C, SIGTERM or `fairway lab down`.",
        discussion: """
            EXAMPLES
              fairway lab up --nodes 2 --manifests Examples/lab
              fairway lab up --nodes 3 --routed --dual-stack
              unshare -Urn fairway lab up --nodes 2
            """)

    @Option(help: "How many nodes.")
    var nodes = 2

    @Flag(help: "Give every node a segment of its own behind a router, instead of one switch for all.")
    var routed = false

    @Flag(name: .customLong("dual-stack"), help: "Give nodes and pods IPv6 addresses besides.")
    var isDualStack = false

    @Option(parsing: .upToNextOption, help: "Files or folders with Kubernetes manifests, followed for changes.")
    var manifests: [String] = []

    @Option(name: .customLong("cluster-cidr"), help: "Where pods get their addresses, one range of each family.")
    var clusterRanges: String?

    @Option(name: .customLong("api-port"), help: "The port of the local Kubernetes API, on 127.0.0.1; 0 for any.")
    var apiPort: UInt16 = 0

    @Option(name: .customLong("cni-program"), help: "The CNI program; else fairway-cni beside this program.")
    var networkProgram: String?

    @Option(
        name: .customLong("agent-argument"), parsing: .unconditionalSingleValue,
        help: "One more word for every node's agent, such as --log-level=debug. May be repeated.")
    var agentArguments: [String] = []

    @OptionGroup var lab: LabOptions
    @OptionGroup var log: LogOptions

    func validate() throws {
        guard (1...LabTopology.maximumNodes).contains(nodes) else {
            throw ValidationError("--nodes \(nodes): from 1 to \(LabTopology.maximumNodes)")
        }
        _ = try podRanges()
    }

    func run() async throws {
        let logger = log.logger("fairway.lab")
        let program = try Self.ownPath()
        let directory = URL(filePath: lab.stateDirectory).standardizedFileURL.path
        var configuration = LabConfiguration(
            stateDirectory: directory, fairway: program, networkProgram: try networkProgramPath(beside: program),
            isDualStack: isDualStack, podRanges: try podRanges())
        configuration.nodes = nodes
        configuration.shape = routed ? .routed : .switched
        configuration.manifests = manifests
        configuration.apiPort = apiPort
        configuration.agentArguments = agentArguments
        try await fairway.run([Lab(configuration: configuration, logger: logger, tell: say)], logger: logger)
    }

    private func podRanges() throws -> [IPPrefix] {
        let text = clusterRanges ?? (isDualStack ? "10.244.0.0/16,fd00:10:244::/48" : "10.244.0.0/16")
        return try text.split(separator: ",").map { part in
            guard let range = IPPrefix(part) else {
                throw ValidationError("--cluster-cidr \(text): \(part) is no range such as 10.244.0.0/16")
            }
            return range
        }
    }

    private func networkProgramPath(beside program: String) throws -> String {
        let path = networkProgram ?? URL(filePath: program).deletingLastPathComponent().path + "/fairway-cni"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ValidationError(
                "there is no CNI program \(path); `swift build --product fairway-cni` makes it, --cni-program names "
                    + "another one")
        }
        return URL(filePath: path).standardizedFileURL.path
    }

    private static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}
