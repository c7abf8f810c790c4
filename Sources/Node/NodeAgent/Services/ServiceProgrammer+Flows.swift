import Logging
import NetTypes
import Netlink
import ServiceRules

/// What the kernel remembers of clients outlives the rules that it was made by.
extension ServiceProgrammer {
    /// Deletes UDP and SCTP flows to these fronts that go anywhere but to the endpoints given: their clients would talk to a gone pod for
    /// as long as they keep talking. Says how many there were.
    func cleanFlows(_ fronts: [FrontKey: Set<SocketEndpoint>]) -> Int {
        var deleted = 0
        for transport in TransportProtocol.allCases where transport.hasLingeringFlows {
            for family in [IPAddress.Family.v4, .v6] {
                let concerned = fronts.filter { $0.key.protocol == transport && $0.key.address.family == family }
                guard !concerned.isEmpty else { continue }
                do throws(KernelError) {
                    deleted += try conntrack.deleteFlows(family, protocol: transport.rawValue) { flow in
                        let key = FrontKey(
                            address: flow.original.destination, protocol: transport, port: flow.original.destinationPort
                        )
                        guard let endpoints = concerned[key] else { return false }
                        return !endpoints.contains(
                            SocketEndpoint(address: flow.reply.source, port: flow.reply.sourcePort))
                    }
                } catch {
                    logger.warning("stale flows stay until they time out", metadata: ["error": "\(error)"])
                }
            }
        }
        if deleted > 0 { logger.debug("deleted stale flows", metadata: ["flows": "\(deleted)"]) }
        return deleted
    }

    /// Forgets clients whose endpoint is gone. New connections already pass such an entry by; without it they stick again.
    func cleanAffinities(_ fronts: [FrontKey: AffinityHolders]) {
        for layout in kernel.layouts {
            let concerned = fronts.filter { $0.key.address.family == layout.family }
            guard !concerned.isEmpty else { continue }
            do {
                try kernel.forgetClients(layout) { client, front, id in
                    guard let holders = concerned[front] else { return false }
                    let isOutside = !self.table.podRanges.contains { $0.contains(client) }
                    // A client on this node stands with the pods; taken for an outsider, it merely chooses again.
                    let valid = isOutside ? holders.near ?? holders.wide : holders.wide
                    return !valid.contains(id)
                }
            } catch {
                logger.warning("remembered clients stay until they time out", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension KernelRules {
    /// Deletes remembered clients (client, front, endpoint's number) that `isStale` picks.
    func forgetClients(_ layout: ServiceLayout, where isStale: (IPAddress, FrontKey, UInt32) -> Bool) throws {
        let set = ServiceLayout.SetName.affinity.rawValue
        let doomed = try nftables.elements(of: set, in: layout.table).filter { element in
            var reader = RegisterReader(element.key)
            guard let client = reader.address(layout.family), let front = reader.front(layout.family),
                let id = element.number
            else { return true }
            return isStale(client, front, id)
        }
        // One by one where they do not go together: any of them may time out meanwhile.
        if (try? delete(doomed, layout)) == nil { for element in doomed { try? delete([element], layout) } }
    }

    private func delete(_ elements: [SetElement], _ layout: ServiceLayout) throws(NftablesError) {
        guard !elements.isEmpty else { return }
        var batch = NftablesBatch()
        let keys = elements.map { SetElement($0.key) }
        batch.deleteElements(keys, from: ServiceLayout.SetName.affinity.rawValue, in: layout.table)
        try nftables.commit(batch)
    }

    /// Deletes what stands in our sets and could not be ours.
    mutating func removeStrangers(_ content: KernelContent) throws(CommitFailure) {
        guard !content.strangers.isEmpty else { return }
        var batch = NftablesBatch()
        for stranger in content.strangers {
            let key = SetElement(
                stranger.element.key, keyEnd: stranger.element.keyEnd, isIntervalEnd: stranger.element.isIntervalEnd)
            batch.deleteElements([key], from: stranger.set, in: stranger.table)
        }
        do {
            try nftables.commit(batch)
            try noteGeneration()
        } catch {
            throw CommitFailure(error: error, guilty: nil)
        }
    }
}
