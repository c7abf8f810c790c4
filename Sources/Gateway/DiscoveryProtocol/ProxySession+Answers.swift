extension ProxySession {
    /// A request named a nonce: an acknowledgement or a refusal, unless the nonce is of the past.
    mutating func answered(_ request: DeltaRequest, serving served: ServedSet, _ result: inout OnRequest) {
        guard let flight = channels[request.type]?.inFlight, flight.nonce == request.nonce else { return }
        channels[request.type]?.inFlight = nil
        for content in flight.released { releaseAll(of: content) }
        if let message = request.refusal {
            result.answer = .refused(message)
            refused(flight, of: request.type, message: message, serving: served, &result)
        } else {
            result.answer = .acknowledged
            acknowledged(flight, of: request.type, &result)
        }
    }

    private mutating func acknowledged(_ flight: InFlight, of type: ResourceType, _ result: inout OnRequest) {
        for change in flight.changes {
            if let replaced = change.replaced { releaseAll(of: replaced.content) }
            for piece in change.pieces {
                release(piece.old?.references ?? [])
                guard let hash = piece.new?.hash else { continue }
                result.accepted.append((ResourcePiece(change.source, part: piece.part), hash))
            }
            channels[type]?.unknown.remove(change.name)
            if type == .cluster { clusterAcknowledged(change.name) }
        }
        noteDelivery(flight, of: type)
        for name in flight.removed where type == .cluster { clusterGone(name) }
        if flight.isTest { channels[type]?.trial?.accepted() }
    }

    private mutating func noteDelivery(_ flight: InFlight, of type: ResourceType) {
        guard type == .clusterLoadAssignment || type == .secret else { return }
        for change in flight.changes {
            warmed(by: ResourceName(type, change.name), after: flight.sequence)
        }
    }

    /// Envoy may have applied a part of what it refused; all of it is sent again, or set aside.
    private mutating func refused(
        _ flight: InFlight, of type: ResourceType, message: String, serving served: ServedSet,
        _ result: inout OnRequest
    ) {
        let content = flight.isTest ? [:] : channels[type]?.held ?? [:]
        for change in flight.changes { takeBack(change, of: type, since: flight.since) }
        if flight.isTest {
            if let guilty = channels[type]?.trial?.refused(message: message) {
                result.refused.append((guilty.piece, guilty.hash, message))
            }
            return
        }
        let suspects = suspects(of: flight)
        guard !suspects.isEmpty else {
            noteDelivery(flight, of: type)
            return
        }
        for change in flight.changes {
            let removedParts = change.pieces.filter { $0.new == nil }.map(\.part)
            if !removedParts.isEmpty { channels[type]?.mark(change.name, Set(removedParts), since: flight.since) }
        }
        var named = RefusalHints.named(in: message, among: suspects, sent: content)
        if named.isEmpty { named = Set(suspects.filter { !served.isProven($0.piece) }) }
        // A table that the proxy lacks cannot be tested without its head.
        for change in flight.changes where change.isWhole && change.pieces.count > 1 {
            named = named.filter { $0.name != change.name || $0.piece.part != nil }
        }
        channels[type]?.trial = Trial(suspects: suspects, named: named, message: message, since: flight.since)
    }

    /// The pieces that were sent, heads before parts.
    private func suspects(of flight: InFlight) -> [Trial.Suspect] {
        flight.changes.flatMap { change in
            change.pieces.sorted { ($0.part ?? "") < ($1.part ?? "") }.compactMap { piece in
                piece.new.map {
                    let identity = ResourcePiece(change.source, part: piece.part)
                    return Trial.Suspect(name: change.name, piece: identity, hash: $0.hash)
                }
            }
        }
    }

    private mutating func takeBack(_ change: SentChange, of type: ResourceType, since: Generation) {
        guard channels[type]?.held[change.name] != nil else {
            // Forgotten meanwhile, with what was new; what it replaced is still counted.
            if let replaced = change.replaced { releaseAll(of: replaced.content) }
            for piece in change.pieces { release(piece.old?.references ?? []) }
            return
        }
        for piece in change.pieces { release(piece.new?.references ?? []) }
        if change.isWhole {
            channels[type]?.held[change.name] = change.replaced
            if type == .cluster, change.replaced == nil {
                clusterGone(change.name)
                // Of refused clusters Envoy keeps the good ones, so this one may be there.
                channels[type]?.unknown.insert(change.name)
            }
            return
        }
        if type == .cluster {
            clusterAcknowledged(change.name)  // In the form before, which was.
            channels[type]?.mark(change.name, [nil], since: since, isForced: true)  // Envoy may hold either form.
        }
        for piece in change.pieces {
            if let key = piece.part {
                channels[type]?.held[change.name]?.content.setPart(key, piece.old)
            } else if let head = piece.old {
                channels[type]?.held[change.name]?.content.setHead(head)
            }
        }
    }
}
