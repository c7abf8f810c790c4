import Logging
import Metrics
import NetTypes
import Netlink
import Synchronization

extension PodNetworkAgent {
    /// Brings the kernel and the reservations of an earlier run together; then ADD is served. A kernel that cannot be asked is thrown.
    package func start() async throws(CNIError) {
        do throws(KernelError) {
            try await wirers[0].allowForwarding(in: node)
            mtu = settings.mtu > 0 ? settings.mtu : try await wirers[0].defaultMTU()
        } catch {
            throw CNIError(.kernelRefused, "the node could not be prepared for pods", details: "\(error)")
        }
        for reservation in reservations where reservation.state == .reserved {
            log.notice("an ADD for container \(reservation.key.container) was cut off: what it made is removed")
            state.withLock { $0.record([.releasing(reservation.key)]) }
        }
        await reaper.reapAll(self)
        await collect()
        let living = reservations.filter { $0.state == .attached }
        do {
            try await hostPorts.restore(living)
            try await settings.admission?.restore(living.map(PodAttachment.init))
        } catch {
            throw CNIError(.kernelRefused, "the pods that run could not be admitted again", details: "\(error)")
        }
        hasRecovered()
    }

    /// Deletes links of pods that are gone, and compares with the kernel now and then, until it is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.reaper.run(self) }
            group.addTask {
                while (try? await Task.sleep(for: self.settings.collectionInterval)) != nil {
                    await self.reaper.reapAll(self)
                    await self.collect()
                }
            }
        }
    }

    /// Compares with the kernel's own view, without anybody's help: what has no link any more is freed, links that nobody owns are
    /// deleted, and routes that somebody took away are put back.
    package func collect() async {
        do throws(KernelError) {
            // In this order: a link that is made after the list was read is not missed, and one that is in the list and in no
            // reservation read later has been given up.
            let attachedBefore = reservations.filter { $0.state == .attached }
            let links = try await wirers[0].podLinks()
            let names = Set(links.map(\.name))
            for reservation in attachedBefore {
                try await repair(reservation, isListed: names.contains(PodLink(reservation.key).hostName))
            }
            let owned = Set(reservations.map { PodLink($0.key).hostName })
            for link in links where !owned.contains(link.name) {
                log.notice("the link \(link.name) (\(link.alias ?? "")) belongs to no pod that is known: it is deleted")
                await wirers[0].deleteOrphan(link.index)
            }
            try await hostPorts.repair(reservations.filter { $0.state == .attached }, log)
        } catch {
            log.warning("pods' links could not be compared with the reservations: \(error)")
        }
        reportUse()
    }

    private func repair(_ reservation: Reservation, isListed: Bool) async throws(KernelError) {
        try await locks.withLock(reservation.key) { () async throws(KernelError) in
            // The same one still, and not one that was made meanwhile.
            guard state.withLock({ $0.ledger[reservation.key] }) == reservation else { return }
            let missing = try await wirer(of: reservation.key).restoreHost(wiring(for: reservation))
            switch missing {
            case 0?: break
            case nil:
                log.notice(
                    "the link of container \(reservation.key.container) is gone: its addresses \(reservation.addresses.map(\.description).joined(separator: ", ")) are free"
                )
                await release(reservation)
            case let count?:
                metrics.repaired(count)
                log.warning(
                    "\(count) routes to the pod of container \(reservation.key.container) had been removed: they are back"
                )
            }
        }
    }

    /// Removes every pod's network, and with it all that this room has made in the kernel.
    package func removeEverything() async throws(CNIError) {
        for reservation in reservations { await locks.withLock(reservation.key) { await release(reservation) } }
        await reaper.reapAll(self)
        do throws(KernelError) {
            for link in try await wirers[0].podLinks() { await wirers[0].deleteOrphan(link.index) }
            try await hostPorts.remove()
        } catch {
            throw CNIError(.kernelRefused, "the pods' links could not all be removed", details: "\(error)")
        }
    }

    private func reportUse() {
        let (held, pools) = state.withLock { state in
            (state.ledger.all.reduce(0) { $0 + $1.addresses.count }, state.ledger.pools)
        }
        // An IPv6 pool alone can have more than fit an integer.
        metrics.use(held: held, capacity: pools.reduce(0) { $0 + Double($1.capacity) })
    }
}
