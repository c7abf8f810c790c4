package import Logging
package import NetTypes
package import Netlink
import Synchronization

/// The node's pod network: answers CNI's verbs, and keeps the kernel and the reservations of addresses in agreement.
///
/// `start()` once, before anything is asked; `run()` for as long as the node serves.
package final class PodNetworkAgent: Sendable {
    package struct Settings: Sendable {
        /// Holds the log of reservations; made where it is missing.
        package var stateDirectory: String
        /// The namespace that is the node; `nil` for the process's own.
        package var nodeNamespace: NetworkNamespace?
        /// Of pods' interfaces, in bytes. 0 takes that of the node's default route.
        package var mtu: Int
        /// How often the kernel's own view is compared with the reservations, beside every start.
        package var collectionInterval: Duration
        package var admission: (any PodAdmission)?
        /// Called after each step of ADD. What it throws leaves ADD where it is, and nothing is undone, as if the process had been
        /// killed: that is how recovery is tested.
        package var afterStep: (@Sendable (AttachStep, AttachmentKey) async throws -> Void)?

        package init(
            stateDirectory: String, nodeNamespace: NetworkNamespace? = nil, mtu: Int = 0,
            collectionInterval: Duration = .seconds(30), admission: (any PodAdmission)? = nil,
            afterStep: (@Sendable (AttachStep, AttachmentKey) async throws -> Void)? = nil
        ) {
            self.stateDirectory = stateDirectory
            self.nodeNamespace = nodeNamespace
            self.mtu = mtu
            self.collectionInterval = collectionInterval
            self.admission = admission
            self.afterStep = afterStep
        }
    }

    let settings: Settings
    let node: NetworkNamespace
    let log: Logger
    let metrics = PodNetworkMetrics()
    let locks = KeyedLocks<AttachmentKey>()
    let wirers: [WiringThread]
    let reaper: Reaper
    let hostPorts: HostPortTable
    let state: Mutex<DurableLedger>
    private let condition = Mutex(Condition())

    struct Condition {
        /// Links of an earlier run are accounted for; nothing is given out before.
        var hasRecovered = false
        /// Why the node cannot take pods now, by who says so.
        var obstacles: [String: String] = [:]
        var mtu = 0
    }

    /// Reads the state directory and opens sockets; changes nothing in the kernel.
    package init(_ settings: Settings, log: Logger) throws(CNIError) {
        self.settings = settings
        self.log = log
        do throws(KernelError) {
            let node: NetworkNamespace
            if let given = settings.nodeNamespace { node = given } else { node = try NetworkNamespace.current() }
            self.node = node
            var threads: [WiringThread] = []
            for index in 0..<4 { threads.append(try WiringThread("fairway-pods-\(index)", in: node)) }
            wirers = threads
            reaper = Reaper(thread: try WiringThread("fairway-reaper", in: node))
            hostPorts = try HostPortTable(in: node)
        } catch {
            throw CNIError(.kernelRefused, "could not open netlink sockets for pods", details: "\(error)")
        }
        state = Mutex(try Self.openLedger(settings.stateDirectory, node: node.identity))
    }

    private static func openLedger(
        _ directory: String, node: NetworkNamespace.Identity
    ) throws(CNIError) -> DurableLedger {
        do throws(LedgerLog.Failure) {
            return try DurableLedger(in: directory, header: .current(node: node))
        } catch {
            throw CNIError(.ioFailure, "the log of address reservations cannot be used: \(error)")
        }
    }

    /// The wiring thread that serves an attachment.
    func wirer(of key: AttachmentKey) -> WiringThread { wirers[abs(key.hashValue % wirers.count)] }

    /// Takes the pod CIDRs of the Node object. Pods outside of them keep their addresses.
    package func setPools(_ prefixes: [IPPrefix]) {
        let changed = state.withLock { state in
            guard state.ledger.pools.map(\.prefix) != prefixes else { return false }
            state.record([.pools(prefixes)])
            return true
        }
        if changed { log.info("pods get addresses of \(prefixes.map(\.description).joined(separator: ", "))") }
    }

    package var pools: [IPPrefix] { state.withLock { $0.ledger.pools.map(\.prefix) } }

    /// Declares that the node cannot take pods, or (`nil`) that this is over. `subject` tells several reasons apart.
    package func setObstacle(_ reason: String?, subject: String) {
        condition.withLock { $0.obstacles[subject] = reason }
    }

    /// Why ADD would not be served now; `nil` where it would. A pool that is full is no such reason: a node that called itself not
    /// ready would lose the pods that fill it.
    package var obstacle: String? {
        let condition = condition.withLock { $0 }
        guard condition.hasRecovered else { return "the agent has not yet compared its reservations with the kernel" }
        if let first = condition.obstacles.sorted(by: { $0.key < $1.key }).first { return first.value }
        return state.withLock { state in
            if state.ledger.pools.isEmpty {
                return
                    "the node has no pod CIDR yet; see .spec.podCIDRs of its Node object, which the cluster's controller sets"
            }
            return state.unwritten.map { "the log of reservations cannot be written: \($0)" }
        }
    }

    var isRecovered: Bool { condition.withLock { $0.hasRecovered } }

    func hasRecovered() { condition.withLock { $0.hasRecovered = true } }

    var mtu: Int {
        get { condition.withLock { $0.mtu } }
        set { condition.withLock { $0.mtu = newValue } }
    }
}
