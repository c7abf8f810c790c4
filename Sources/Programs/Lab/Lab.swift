import Foundation
import KubernetesClient
import KubernetesModel
import LocalCluster
package import Logging
import Manifests
import NetTypes
import ServiceLifecycle
import Synchronization

/// A cluster on one machine, of network namespaces: nodes that run the real agent, wires between them, a client outside,
/// the local API server, and what a real cluster has besides: controllers, a scheduler, and something that runs pods.
package final class Lab: ServiceLifecycle.Service {
    private let configuration: LabConfiguration
    private let logger: Logger
    private let tell: @Sendable (String) -> Void
    private let mark = LabMark()

    /// - Parameter tell: gets a line for the person at the terminal at each step.
    package init(configuration: LabConfiguration, logger: Logger, tell: @escaping @Sendable (String) -> Void) {
        self.configuration = configuration
        self.logger = logger
        self.tell = tell
    }

    /// Runs until cancelled or gracefully shut down; then nothing of the lab is left but its logs.
    package func run() async throws {
        let directory = configuration.stateDirectory
        try prepare()
        let outcome = await cancelled { try await self.live() }
        let left = try LabRecord.read(in: directory)?.remove(in: directory) ?? mark.sweep()
        guard left.isEmpty else { throw LabError("processes of the lab do not end: \(left)") }
        try outcome.get()
    }

    /// What `body` threw, unless it was told to stop.
    private func cancelled(_ body: @escaping @Sendable () async throws -> Void) async -> Result<Void, any Error> {
        let wasAsked = Mutex(false)
        do {
            try await cancelWhenGracefulShutdown {
                defer { if Task.isCancelled { wasAsked.withLock { $0 = true } } }
                try await body()
            }
            return .success(())
        } catch {
            return wasAsked.withLock { $0 } ? .success(()) : .failure(error)
        }
    }

    private func prepare() throws {
        let directory = configuration.stateDirectory
        if let record = try LabRecord.read(in: directory) {
            guard record.owner?.isAlive != true else {
                throw LabError("a lab runs already in \(directory); `fairway lab down` ends it")
            }
            // Of a lab whose process was killed.
            let left = record.remove(in: directory)
            guard left.isEmpty else { throw LabError("processes of an earlier lab do not end: \(left)") }
        }
        for folder in [directory, LabRecord.podDirectory(in: directory)] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try LabRecord(mark: mark, shape: configuration.shape).write(in: directory)
    }

    /// `unshare -Urn` leaves even the loopback down, and the API listens there. Anywhere else it is up already.
    private func makeLoopbackUsable() async throws {
        let shown = try await LabCommand("ip", ["-oneline", "link", "show", "lo", "up"], mark: mark).collect()
        guard shown.isSuccess, shown.output.isEmpty else { return }
        _ = try await LabCommand("ip", ["link", "set", "lo", "up"], mark: mark).collect()
    }

    private func live() async throws {
        try await makeLoopbackUsable()
        let cluster = try LocalCluster(
            configuration: LocalClusterConfiguration(
                port: configuration.apiPort, serviceRange: configuration.servicesRange,
                serviceRangeIPv6: configuration.servicesRangeIPv6), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run() }
            group.addTask {
                let port = try await cluster.whenReady
                try cluster.writeKubeconfig(to: self.configuration.kubeconfig)
                self.tell("api      \(cluster.address)   export KUBECONFIG=\(self.configuration.kubeconfig)")
                try await LabNetwork.with(self.configuration.topology, mark: self.mark) { network in
                    try await self.populate(network, apiPort: port)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - Inside the network

    private func populate(_ network: LabNetwork, apiPort: UInt16) async throws {
        try record(network)
        let topology = network.topology
        let wires = topology.shape == .switched ? "one switch" : "a router between segments"
        tell("network  \(topology.nodes.count) nodes and a client, joined by \(wires)")
        let connection = try ClusterConnection.kubeconfig(
            path: configuration.kubeconfig, environment: ProcessInfo.processInfo.environment)
        let client = try KubernetesClient(connection: connection, logger: logger)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await serve(network, client, apiPort: apiPort))
        } catch {
            outcome = .failure(error)
        }
        await client.shutdown()
        try outcome.get()
    }

    private func record(_ network: LabNetwork) throws {
        func place(_ member: LabTopology.Member) throws -> LabRecord.Place {
            LabRecord.Place(name: member.name, addresses: member.hosts, pid: try network[member.name].pid)
        }
        var record = LabRecord(mark: mark, shape: configuration.shape)
        record.nodes = try network.topology.nodes.map(place)
        record.client = try place(network.topology.client)
        record.middle = try network[LabTopology.middleName].pid
        try record.write(in: configuration.stateDirectory)
    }

    private func serve(_ network: LabNetwork, _ client: KubernetesClient, apiPort: UInt16) async throws {
        guard let ranges = NodeRanges(cluster: configuration.podRanges) else {
            throw LabError("--cluster-cidr \(configuration.podRanges): too small to give every node a part")
        }
        let follower = try ManifestFollower(paths: configuration.manifests, client: client, logger: logger)
        let (passes, passed) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await WorkloadController(client: client, ranges: ranges, logger: self.logger).run()
            }
            for member in network.topology.nodes {
                let place = try place(of: member, network)
                group.addTask { try await APIDoor(namespace: place.namespace, port: apiPort).run() }
                group.addTask { try await self.agent(of: place).run() }
                group.addTask {
                    try await NodeRunner(
                        node: place, labels: self.labels(of: member, network.topology), client: client,
                        logger: self.logger
                    ).run()
                }
            }
            let readiness = LabReadiness(client: client, nodes: network.topology.nodes.count, tell: tell)
            group.addTask {
                try await readiness.waitForNodes()
                try await follower.run { passed.finish() }
            }
            group.addTask {
                for await _ in passes {}
                try await readiness.waitForPods()
                self.tell("ready")
                // Only the end of another task ends the lab.
                try await Task.sleep(for: .seconds(Int64.max / 1_000_000_000))
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func place(of member: LabTopology.Member, _ network: LabNetwork) throws -> NodePlace {
        let place = NodePlace(
            name: member.name, namespace: try network[member.name], addresses: member.hosts,
            directory: "\(configuration.stateDirectory)/nodes/\(member.name)",
            podDirectory: LabRecord.podDirectory(in: configuration.stateDirectory), fairway: configuration.fairway,
            mark: mark)
        for folder in [place.configurationDirectory, place.programDirectory, place.agentDirectory] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        return place
    }

    /// Zones alternate, so that topology has something to show.
    private func labels(of member: LabTopology.Member, _ topology: LabTopology) -> [String: String] {
        let index = topology.nodes.firstIndex(of: member) ?? 0
        return ["topology.kubernetes.io/zone": index % 2 == 0 ? "zone-a" : "zone-b"]
    }

    private func agent(of place: NodePlace) -> AgentRun {
        AgentRun(
            node: place, kubeconfig: configuration.kubeconfig, networkProgram: configuration.networkProgram,
            adminPort: configuration.adminPort,
            arguments: [
                "--cluster-cidr", configuration.podRanges.map(\.description).joined(separator: ","), "--service-cidr",
                configuration.servicesRange + "," + configuration.servicesRangeIPv6,
            ] + configuration.agentArguments, logger: logger)
    }
}
