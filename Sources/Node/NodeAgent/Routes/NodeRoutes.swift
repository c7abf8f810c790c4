package import Logging
import Metrics
package import NetTypes
package import Netlink

/// Keeps this node's routes to the other nodes' pods, and the masquerade of what leaves the cluster, as the Node objects say; and puts
/// back within milliseconds what somebody takes away.
///
/// The routes stay when this ends, and the next one takes them over: nothing is replaced that is right already.
package actor NodeRoutes {
    package struct Settings: Sendable {
        package var nodeName: String
        /// All pods' addresses, where known; the nodes' own ranges are always counted in.
        package var clusterRanges: [IPPrefix]
        package var masquerades: Bool

        package init(nodeName: String, clusterRanges: [IPPrefix] = [], masquerades: Bool = true) {
            self.nodeName = nodeName
            self.clusterRanges = clusterRanges
            self.masquerades = masquerades
        }
    }

    /// Something that had to be put back.
    package struct Repair: Hashable, Sendable {
        /// `link`, `address`, `neighbour`, `forwarding`, `route` or `table`.
        package var object: String
        package var subject: String
        /// Who took it away, as in `ip (process 4711)`, where the kernel told.
        package var culprit: String?
    }

    private let settings: Settings
    private let namespace: NetworkNamespace?
    private let socket: RouteSocket
    private let nftables: NftablesSocket
    private let logger: Logger
    private let onRepair: @Sendable (Repair) -> Void
    private let thread = BlockingThread(name: "node-routes")
    private var nodes: [NodePlace]?
    private var plan = RoutePlan()
    private var watched: Set<Int32> = []
    private var masquerade: PodMasquerade?
    private var ownsTable = false
    private var failure: String?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - namespace: where the node lives, if not where this process does.
    ///   - onRepair: for an event about it.
    package init(
        _ settings: Settings, in namespace: NetworkNamespace? = nil, logger: Logger,
        onRepair: @escaping @Sendable (Repair) -> Void = { _ in }
    ) throws(KernelError) {
        self.settings = settings
        self.namespace = namespace
        self.logger = logger
        self.onRepair = onRepair
        socket = try RouteSocket(in: namespace)
        nftables = try NftablesSocket(in: namespace)
    }

    /// What keeps pods of other nodes from being reached; `nil` where nothing does.
    package var obstacle: String? {
        nodes == nil ? "the Node objects have not been listed yet" : failure
    }

    /// What is planned: for explanations.
    package var present: RoutePlan { plan }

    /// All nodes as they are now. The kernel agrees when this returns, or `obstacle` says why not.
    package func setNodes(_ nodes: [NodePlace]) {
        let nodes = nodes.sorted { $0.name < $1.name }
        guard nodes != self.nodes else { return }
        self.nodes = nodes
        reconcile(cause: nil)
        applyMasquerade(force: false, cause: nil)
    }

    /// Watches the kernel, and repairs, until cancelled.
    package func run() async throws {
        let routes = try NetlinkMonitor.route(in: namespace, ignoring: socket.socket.port)
        let rulesets = try NetlinkMonitor.ruleset(in: namespace, ignoring: nftables.socket.port)
        // What happened before the monitors were there.
        reconcile(cause: nil)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await element in routes { await self.take(element) } }
            group.addTask { for await element in rulesets { await self.take(element) } }
        }
    }

    // MARK: - Kernel notices

    private func take(_ element: MonitorElement<RouteNotice>) {
        switch element {
        case .resync: reconcile(cause: nil)
        case .notice(let notice):
            if concerns(notice) { reconcile(cause: Culprit.describe(port: notice.port)) }
        }
    }

    private func take(_ element: MonitorElement<RulesetNotice>) {
        switch element {
        case .resync: applyMasquerade(force: true, cause: nil)
        case .notice(let notice):
            guard notice.port != nftables.socket.port, notice.concerns(PodMasquerade.table) else { return }
            let generation = notice.generation
            applyMasquerade(force: true, cause: "\(generation.processName) (process \(generation.processID))")
        }
    }

    /// Pods come and go, and neighbours on other links: neither is of interest.
    private func concerns(_ notice: RouteNotice) -> Bool {
        switch notice.object {
        case .link(let link):
            watched.contains(link.index) || [RoutePlan.tunnelName(.v4), RoutePlan.tunnelName(.v6)].contains(link.name)
        case .address(let address):
            address.prefixLength < address.address.bitWidth || watched.contains(address.link)
        case .route(let route):
            route.protocol == RoutePlan.routeProtocol
        case .neighbour(let neighbour):
            watched.contains(neighbour.link) && neighbour.state.contains(.permanent)
                || notice.isRemoval && watched.contains(neighbour.link)
        }
    }

    // MARK: - Repairs

    private func reconcile(cause: String?) {
        guard let nodes else { return }
        do throws(KernelError) {
            var state = try RouteState(reading: socket)
            let next = RoutePlan(nodes: nodes, ownName: settings.nodeName, underlays: state.underlays)
            // Only against a plan that held already is a difference somebody's doing.
            let isDrift = next == plan
            plan = next
            let devices = state.deviceRepairs(towards: next)
            try apply(devices, isDrift: isDrift, cause: cause)
            if !devices.isEmpty { state = try RouteState(reading: socket) }
            try apply(state.entryRepairs(towards: next), isDrift: isDrift, cause: cause)
            watched = Set(state.underlays.map(\.link)).union(state.tunnels.values.map(\.index))
            failure = next.gaps.min { $0.key < $1.key }.map { "node \($0.key): \($0.value)" }
        } catch {
            if failure != "\(error)" { logger.error("the routes between nodes are not as they should be: \(error)") }
            failure = "\(error)"
        }
    }

    private func apply(_ repairs: [RouteRepair], isDrift: Bool, cause: String?) throws(KernelError) {
        guard !repairs.isEmpty else { return }
        var first: KernelError?
        for (repair, error) in zip(repairs, try socket.performAll(repairs.map(\.request))) {
            if let error {
                // Gone already is as good as deleted.
                if !repair.isMissing && error.isNotFound { continue }
                first = first ?? error
            } else if isDrift {
                tell(Repair(object: repair.object.rawValue, subject: repair.subject, culprit: cause))
            } else {
                logger.debug("\(repair.request.operation)")
            }
        }
        if let first { throw first }
    }

    private func tell(_ repair: Repair) {
        Counter(label: "fairway_node_drift_repairs_total", dimensions: [("object", repair.object)]).increment()
        logger.warning(
            "something was changed that the agent keeps; it is as before",
            metadata: [
                "object": "\(repair.object) \(repair.subject)", "by": "\(repair.culprit ?? "unknown")",
            ])
        onRepair(repair)
    }

    // MARK: - Masquerade

    private func applyMasquerade(force: Bool, cause: String?) {
        guard let nodes, settings.masquerades, let own = nodes.first(where: { $0.name == settings.nodeName }) else {
            return
        }
        let wanted = PodMasquerade(
            pods: own.podRanges, cluster: settings.clusterRanges + nodes.flatMap(\.podRanges))
        guard force || wanted != masquerade else { return }
        do throws(NftablesError) {
            if !ownsTable { ownsTable = try nftables.adopt(PodMasquerade.table) == .owned }
            try nftables.commit(wanted.batch(flags: ownsTable ? [.owner, .persist] : []))
            masquerade = wanted
            if force {
                tell(Repair(object: "table", subject: "\(PodMasquerade.table)", culprit: cause))
            }
        } catch {
            logger.error("the masquerade of pods' packets is not as it should be: \(error)")
            failure = "\(error)"
        }
    }

    // MARK: - Cleaning up

    /// Takes away all that it makes in this namespace, and says what was there.
    package static func cleanUp(in namespace: NetworkNamespace? = nil) throws -> [String] {
        let socket = try RouteSocket(in: namespace)
        var found: [String] = []
        for family in [IPAddress.Family.v4, .v6] {
            for route in try socket.routes(family: family, protocol: RoutePlan.routeProtocol) {
                try socket.perform(.deleteRoute(route))
                found.append("route \(route)")
            }
        }
        for link in try socket.links() where ["fairway-vx4", "fairway-vx6"].contains(link.name) {
            try socket.perform(.deleteLink(.index(link.index)))
            found.append("link \(link.name)")
        }
        let nftables = try NftablesSocket(in: namespace)
        if try nftables.tables().contains(where: { $0.table == PodMasquerade.table }) {
            _ = try nftables.adopt(PodMasquerade.table)
            var batch = NftablesBatch()
            batch.deleteTable(PodMasquerade.table)
            try nftables.commit(batch)
            found.append("table \(PodMasquerade.table)")
        }
        return found
    }
}
