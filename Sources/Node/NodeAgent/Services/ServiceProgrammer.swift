import KubernetesModel
package import Logging
import NetTypes
package import Netlink
package import ServiceRules

/// Keeps the kernel's Service rules of one node as the cluster's objects say.
///
///     let services = try ServiceProgrammer(.init(nodeName: "worker-1"), logger: logger)
///     try await services.start()
///     try await services.apply(everythingOfTheFirstLists)     // from here on the kernel is made to agree
///     try await services.apply([.slice(…)])                   // some ten microseconds each
///
/// Until the first `apply` the rules of an earlier run stay as they are, so give it all Services, slices and nodes at once.
package actor ServiceProgrammer {
    package struct Options: Sendable {
        package var nodeName: String
        /// The node's; `nil` for the process's own.
        package var namespace: NetworkNamespace?
        /// Off only where drift is to be tried out.
        package var ownsTables = true

        package init(nodeName: String, namespace: NetworkNamespace? = nil) {
            self.nodeName = nodeName
            self.namespace = namespace
        }
    }

    let options: Options
    let logger: Logger
    private let thread: BlockingThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    /// Answers load balancers at the `healthCheckNodePort`s.
    package nonisolated let health: HealthCheckServers

    var kernel: KernelRules
    var table: ServiceTable
    let conntrack: ConntrackSocket
    private let meter = ServiceMetrics()
    /// The kernel agrees with `table`, as far as we know.
    private var isReconciled = false
    private var isStarted = false
    /// Why the tables that were found cannot be kept.
    private var unfit: String?
    private var elementCount = 0
    private var lastFailure: String?
    private var driftCount = 0

    package init(_ options: Options, logger: Logger) throws {
        self.options = options
        self.logger = logger
        thread = BlockingThread(name: "services")
        health = HealthCheckServers(namespace: options.namespace, logger: logger)
        kernel = try KernelRules(in: options.namespace, ownsTables: options.ownsTables)
        conntrack = try ConntrackSocket(in: options.namespace)
        table = ServiceTable(nodeName: options.nodeName)
    }

    /// Takes over the tables of an earlier run, or makes them. Throws `RivalProxy` where a kube-proxy is at work.
    package func start() throws {
        if let rival = try RivalProxy.find(kernel.nftables, in: options.namespace) { throw rival }
        switch try kernel.adopt() {
        case .made: logger.info("made the tables of Service rules")
        case .kept:
            let content = try kernel.read()
            table = ServiceTable(nodeName: options.nodeName, slotHints: content.slotHints)
            logger.info("took over the tables of Service rules", metadata: ["elements": "\(content.elements.count)"])
        case .unfit(let reason):
            unfit = reason
            logger.notice("the tables of Service rules will be replaced", metadata: ["reason": "\(reason)"])
        }
        if !kernel.isOwner, options.ownsTables {
            logger.notice("this kernel cannot protect tables (it is older than 6.9): others can change them")
        }
        isStarted = true
    }

    /// What one `apply` or audit did.
    package struct Report: Sendable {
        package var added = 0
        package var removed = 0
        package var duration: Duration = .zero
        package var newProblems: [ServiceProblem] = []
        /// UDP and SCTP flows that pointed at endpoints that are gone.
        package var deletedFlows = 0
    }

    /// Takes in what happened and makes the kernel agree, in one commit. Throws where the kernel cannot be made to agree; then the next
    /// call looks at everything.
    @discardableResult
    package func apply(_ changes: [ClusterChange]) async throws -> Report {
        precondition(isStarted, "start() comes first")
        let start = ContinuousClock.now
        let isFirst = !isReconciled
        let change = table.apply(changes)
        var report = Report()
        report.newProblems = change.newProblems
        do {
            try program(change, &report)
        } catch {
            isReconciled = false
            lastFailure = "\(error)"
            meter.failed()
            throw error
        }
        lastFailure = nil
        report.deletedFlows = cleanFlows(change.lingering)
        cleanAffinities(change.affinities)
        report.duration = ContinuousClock.now - start
        meter.synced(report, elements: elementCount, services: table.serviceCount, problems: table.problemCount)
        meter.programmed(changes)
        for problem in report.newProblems {
            logger.warning("a Service has a fault", metadata: ["problem": "\(problem)"])
        }
        if !change.healthChecks.isEmpty || isFirst { await health.serve(table.healthChecks) }
        return report
    }

    private func program(_ change: RuleChange, _ report: inout Report) throws {
        guard isReconciled else {
            try reconcile(&report)
            return
        }
        guard !change.isEmpty else { return }
        do throws(CommitFailure) {
            try kernel.commit(change) { table.installed[$0]?.origin.description }
            note(change, &report)
        } catch {
            // The kernel is not as we thought, or refuses something: what it really holds decides how to go on.
            logger.warning("the kernel refused a change of Service rules", metadata: ["error": "\(error)"])
            if error.cause?.isForbidden == true { throw error }
            try reconcile(&report)
        }
    }

    private func note(_ change: RuleChange, _ report: inout Report) {
        report.added += change.added.count
        report.removed += change.removed.count
        elementCount += change.added.count - change.removed.count
    }

    /// Compares the kernel with what should be there, and mends the difference. A Service that the kernel refuses is taken out, so that
    /// the others go on.
    @discardableResult
    package func resync() throws -> Report {
        var report = Report()
        let start = ContinuousClock.now
        try reconcile(&report)
        report.duration = ContinuousClock.now - start
        return report
    }

    private static let mostQuarantines = 64

    private func reconcile(_ report: inout Report) throws {
        for _ in 0..<Self.mostQuarantines {
            do throws(CommitFailure) {
                try mend(&report)
                isReconciled = true
                return
            } catch {
                guard let culprit = error.guilty?.front.flatMap({ table.installed[$0]?.origin.service }) else {
                    throw error
                }
                logger.error(
                    "the kernel refuses a Service's rules: it is left out until it changes",
                    metadata: ["service": "\(culprit)", "error": "\(error)"])
                report.newProblems += table.quarantine(culprit, reason: "\(error)").newProblems
            }
        }
        throw TooManyRefusals(count: Self.mostQuarantines)
    }

    private func mend(_ report: inout Report) throws(CommitFailure) {
        let content = try readKernel()
        let names: (FrontKey) -> String? = { [table] in table.installed[$0]?.origin.description }
        if let fault = unfit ?? content.fault {
            let elements = table.elements
            try kernel.replace(with: elements, names: names)
            if unfit == nil { logger.warning("replaced the tables of Service rules", metadata: ["reason": "\(fault)"]) }
            unfit = nil
            report.added += elements.count
            elementCount = elements.count
            return
        }
        let desired = table.elements
        var change = RuleChange()
        if content.elements.isEmpty {
            change.added = desired
        } else {
            var gone = content.elements
            change.added = desired.filter { gone.remove($0) == nil }
            change.removed = Array(gone)
        }
        try kernel.removeStrangers(content)
        try kernel.commit(change, names: names)
        report.added += change.added.count
        report.removed += change.removed.count + content.strangers.count
        elementCount = desired.count
    }

    private func readKernel() throws(CommitFailure) -> KernelContent {
        do {
            try kernel.noteGeneration()
            return try kernel.read()
        } catch {
            throw CommitFailure(error: error, guilty: nil)
        }
    }

    /// Deletes the tables of this node, and nothing else. For `fairway node --cleanup`: no agent may be running.
    package static func cleanUp(in namespace: NetworkNamespace? = nil) throws -> [String] {
        try KernelRules.remove(in: namespace)
    }
}

/// So many Services were refused that something else must be wrong.
struct TooManyRefusals: Error, CustomStringConvertible {
    var count: Int
    var description: String {
        "the kernel refused the rules of \(count) Services one after another: none more is tried"
    }
}

extension ServiceProgrammer {
    package struct Status: Sendable {
        package var services: Int
        package var fronts: Int
        package var elements: Int
        package var isReconciled: Bool
        package var ownsTables: Bool
        package var isolatedPods: Int
        package var drifts: Int
        package var problems: [ServiceProblem]
        package var lastFailure: String?
    }

    package var status: Status {
        Status(
            services: table.serviceCount, fronts: table.installed.count, elements: elementCount,
            isReconciled: isReconciled,
            ownsTables: kernel.isOwner, isolatedPods: kernel.isolations.count, drifts: driftCount,
            problems: table.problems,
            lastFailure: lastFailure)
    }

    func countDrift() { driftCount += 1 }

    /// Something of another program was found in our tables, or something of ours gone.
    package func mendDrift() throws -> Report {
        guard isReconciled else { return Report() }
        return try resync()
    }
}
