import Logging
import NetTypes
import Netlink

/// Keeps the node's table of host ports as the reservations say. The table is made when the first pod asks for a port.
///
/// The kernel deletes an element by its key, whoever added it; the ledger knows which pod a port belongs to, so that a late DEL cannot
/// take the port of a pod that came after.
actor HostPortTable {
    private let nftables: NftablesSocket
    private var open: [AttachmentKey: [HostPortLayout.Entry]] = [:]
    private var isMade = false

    init(in node: NetworkNamespace) throws(KernelError) {
        nftables = try NftablesSocket(in: node)
    }

    func open(_ reservation: Reservation) throws(KernelError) {
        let entries = HostPortLayout.entries(of: reservation)
        guard !entries.isEmpty else { return }
        var next = open
        next[reservation.key] = entries
        if isMade {
            var batch = NftablesBatch()
            HostPortLayout.add(entries, to: &batch)
            // Somebody else took the table away, or something out of it: then all is written.
            if (try? commit(batch)) == nil { try make(next) }
        } else {
            try make(next)
        }
        open = next
    }

    func close(_ reservation: Reservation) throws(KernelError) {
        guard let entries = open.removeValue(forKey: reservation.key) else { return }
        var batch = NftablesBatch()
        HostPortLayout.remove(entries, from: &batch)
        if (try? commit(batch)) == nil { try make(open) }
    }

    /// After a restart: exactly the ports of these.
    func restore(_ reservations: [Reservation]) throws(KernelError) {
        open = reservations.reduce(into: [:]) { open, reservation in
            let entries = HostPortLayout.entries(of: reservation)
            if !entries.isEmpty { open[reservation.key] = entries }
        }
        let isThere = try nftables.tables(.inet).contains { $0.table == HostPortLayout.table }
        if isThere || !open.isEmpty { try make(open) }
    }

    /// Writes all anew where the kernel has something else.
    func repair(_ reservations: [Reservation], _ log: Logger) throws(KernelError) {
        guard isMade else { return }
        guard try present() != Set(open.values.joined()) else { return }
        log.warning("the table \(HostPortLayout.table) had been changed by somebody else: it is restored")
        try make(open)
    }

    /// The first of the pod's ports that the kernel does not have.
    func missing(_ reservation: Reservation) -> PortMapping? {
        guard let first = reservation.portMappings.first else { return nil }
        let wanted = HostPortLayout.entries(of: reservation)
        // A list that cannot be read has nothing in it.
        guard let present = try? present() else { return first }
        return wanted.allSatisfy(present.contains) ? nil : first
    }

    func remove() throws(KernelError) {
        open = [:]
        guard try nftables.tables(.inet).contains(where: { $0.table == HostPortLayout.table }) else { return }
        try adopt()
        var batch = NftablesBatch()
        batch.deleteTable(HostPortLayout.table)
        try commit(batch)
        isMade = false
    }

    private func present() throws(KernelError) -> Set<HostPortLayout.Entry> {
        var found: Set<HostPortLayout.Entry> = []
        for family in IPAddress.Family.both {
            let names = HostPortLayout.Names(family: family)
            for set in [names.exact, names.any, names.hairpin] {
                let elements: [SetElement]
                do throws(KernelError) {
                    elements = try nftables.elements(of: set, in: HostPortLayout.table)
                } catch {
                    guard error.isNotFound else { throw error }
                    continue
                }
                for element in elements {
                    found.insert(.init(set: set, element: SetElement(element.key, element.data)))
                }
            }
        }
        return found
    }

    private func make(_ entries: [AttachmentKey: [HostPortLayout.Entry]]) throws(KernelError) {
        try adopt()
        try commit(HostPortLayout.everything(Array(entries.values.joined())))
        isMade = true
    }

    private func adopt() throws(KernelError) {
        do throws(NftablesError) {
            _ = try nftables.adopt(HostPortLayout.table, comment: "Fairway: host ports of pods")
        } catch {
            throw error.cause
        }
    }

    private func commit(_ batch: NftablesBatch) throws(KernelError) {
        do throws(NftablesError) {
            try nftables.commit(batch)
        } catch {
            throw error.cause
        }
    }
}
