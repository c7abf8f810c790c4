package import Logging
import Metrics
import Netlink

/// Somebody changed what is ours, and it was put right.
package struct ServiceDrift: Hashable, Sendable, CustomStringConvertible {
    package var processName: String
    package var processID: UInt32
    /// As in `ip fairway`.
    package var tables: [String]
    package var restored: Int
    package var removed: Int
    package var duration: Duration

    package var description: String {
        "\(processName) (process \(processID)) changed \(tables.joined(separator: ", ")): \(restored) elements restored, \(removed) removed in \(duration)"
    }
}

/// Watches the ruleset for changes that are not ours. Where the kernel protects our tables there can be none; elsewhere they are mended
/// within milliseconds.
package struct DriftGuard: Sendable {
    private let services: ServiceProgrammer
    private let monitor: NetlinkMonitor<RulesetNotice>
    private let logger: Logger
    private let counter = Counter(label: "fairway_services_drift_total")

    /// Watches from the moment it is made.
    package init(_ services: ServiceProgrammer, logger: Logger) async throws {
        self.services = services
        self.logger = logger
        monitor = try await services.rulesetNotices()
    }

    /// Runs until cancelled. `report` is told of every drift, once it is mended.
    package func run(report: @Sendable (ServiceDrift) async -> Void = { _ in }) async {
        let port = await services.port
        for await element in monitor {
            switch element {
            case .resync: await mend(nil, report)
            case .notice(let notice):
                guard notice.port != port else { continue }
                warnOfRival(notice)
                if ServiceLayout.both.contains(where: { notice.concerns($0.table) }) { await mend(notice, report) }
            }
        }
    }

    private func warnOfRival(_ notice: RulesetNotice) {
        guard notice.changes.contains(where: { !$0.isRemoval && RivalProxy.tables.contains($0.table.name) }) else {
            return
        }
        logger.error(
            "another program handles Services on this node too: connections will go by either's rules",
            metadata: ["process": "\(notice.generation.processName)", "pid": "\(notice.generation.processID)"])
    }

    private func mend(_ notice: RulesetNotice?, _ report: @Sendable (ServiceDrift) async -> Void) async {
        do {
            let done = try await services.mendDrift()
            guard done.added + done.removed > 0 else { return }
            let drift = ServiceDrift(
                processName: notice?.generation.processName ?? "an unknown program",
                processID: notice?.generation.processID ?? 0,
                tables: ServiceLayout.both.map(\.table).filter { notice?.concerns($0) ?? true }.map(\.description),
                restored: done.added, removed: done.removed, duration: done.duration)
            await services.countDrift()
            counter.increment()
            logger.warning("mended Service rules", metadata: ["drift": "\(drift)"])
            await report(drift)
        } catch {
            logger.error(
                "Service rules were changed by others and could not be mended", metadata: ["error": "\(error)"])
        }
    }
}

extension ServiceProgrammer {
    func rulesetNotices() throws -> NetlinkMonitor<RulesetNotice> {
        try NetlinkMonitor.ruleset(in: options.namespace, ignoring: kernel.nftables.socket.port)
    }

    var port: UInt32 { kernel.nftables.socket.port }
}
