extension ProxySession {
    /// What to do now.
    package struct OnNext: Sendable {
        package var responses: [DeltaResponse] = []
        /// Forms that are proved to be refused without a further response.
        package var refused: [(piece: ResourcePiece, hash: ContentHash, message: String)] = []
        /// When to ask again, even if nothing happens.
        package var wakeAt: Duration?
    }

    /// The responses that may be sent now.
    /// - Parameter now: time since any fixed moment.
    package mutating func next(
        serving served: ServedSet, assembled: inout AssembledResources, at generation: Generation, now: Duration
    ) -> OnNext {
        var result = OnNext()
        for type in ResourceType.allCases {
            guard var channel = channels.removeValue(forKey: type) else { continue }
            if channel.inFlight == nil, channel.subscription.hasStarted {
                var draft = Draft(since: generation.next)
                let isTest = stageTrial(of: type, in: &channel, into: &draft, serving: served, &result)
                if !isTest {
                    stageAll(of: type, in: &channel, into: &draft, serving: served, now: now, &result)
                }
                let isOwed = channel.owesAnswer && channel.pending.isEmpty
                if !draft.isEmpty || isOwed {
                    let response = launch(draft, of: type, in: &channel, isTest: isTest, &assembled, at: generation)
                    result.responses.append(response)
                }
            }
            channels[type] = channel
            if type == .cluster, let flight = channel.inFlight, flight.sequence == sequence, !result.responses.isEmpty {
                clustersSent(flight.changes, sequence: flight.sequence, serving: served, since: flight.since)
            }
        }
        return result
    }

    private mutating func stageAll(
        of type: ResourceType, in channel: inout Channel, into draft: inout Draft, serving served: ServedSet,
        now: Duration, _ result: inout OnNext
    ) {
        for name in channel.pending.keys.sorted() {
            stage(name, of: type, in: &channel, into: &draft, serving: served)
        }
        if let wakeAt = stageRemovals(of: type, in: &channel, into: &draft, serving: served, now: now) {
            result.wakeAt = min(result.wakeAt ?? wakeAt, wakeAt)
        }
        draft.removed.append(contentsOf: channel.refusedNames)
        channel.refusedNames = []
    }

    private mutating func launch(
        _ draft: Draft, of type: ResourceType, in channel: inout Channel, isTest: Bool,
        _ assembled: inout AssembledResources, at generation: Generation
    ) -> DeltaResponse {
        sequence += 1
        channel.owesAnswer = false
        let nonce = String(sequence)
        let resources = draft.changes.compactMap { change -> DeltaResponse.Resource? in
            guard let version = channel.held[change.name]?.content.version else { return nil }
            return DeltaResponse.Resource(
                name: change.name, version: version.description, bytes: bytes(of: change, in: &channel, &assembled))
        }
        channel.inFlight = InFlight(
            nonce: nonce, sequence: sequence, changes: draft.changes, removed: draft.removed,
            released: draft.released, since: min(draft.since, generation), isTest: isTest)
        return DeltaResponse(
            type: type, nonce: nonce, resources: resources, removed: draft.removed, generation: generation)
    }

    private func bytes(
        of change: SentChange, in channel: inout Channel, _ assembled: inout AssembledResources
    ) -> [UInt8] {
        // Taken out and put back, so that sorting its keys does not copy the table.
        guard var held = channel.held.removeValue(forKey: change.name) else { return [] }
        let bytes = assembled.bytes(of: change.source, &held.content)
        channel.held[change.name] = held
        return change.source.type == .secret ? SecretCover.nameField(change.name) + bytes : bytes
    }
}

extension ProxySession {
    /// Goes on with the search for a refused piece; false when there is none, or it has just ended.
    private mutating func stageTrial(
        of type: ResourceType, in channel: inout Channel, into draft: inout Draft, serving served: ServedSet,
        _ result: inout OnNext
    ) -> Bool {
        while var trial = channel.trial {
            let step = trial.next { suspect in
                resolve(type, suspect.name, in: served) == suspect.piece.resource
                    && served.form(of: suspect.piece)?.hash == suspect.hash
                    && !result.refused.contains { $0.piece == suspect.piece }
            }
            channel.trial = trial
            switch step {
            case .finished:
                channel.trial = nil
            case .guilty(let suspect, let message):
                result.refused.append((suspect.piece, suspect.hash, message))
            case .send(let suspects):
                stageTest(suspects, in: &channel, into: &draft, serving: served)
                draft.since = trial.since
                if !draft.isEmpty { return true }
                channel.trial?.accepted()
            }
        }
        return false
    }

    private mutating func stageTest(
        _ suspects: [Trial.Suspect], in channel: inout Channel, into draft: inout Draft, serving served: ServedSet
    ) {
        for (name, group) in Dictionary(grouping: suspects, by: \.name).sorted(by: { $0.key < $1.key }) {
            guard let source = group.first?.piece.resource, let target = served.resources[source] else { continue }
            if let held = channel.held[name], held.source == source {
                let pieces = group.map { suspect in
                    let part = suspect.piece.part
                    return SentChange.Piece(part: part, old: held.content[part], new: target[part])
                }
                send(pieces, of: name, source: source, in: &channel, into: &draft)
            } else if group.contains(where: { $0.piece.part == nil }) {
                var content = CompositeResource(head: target.head)
                for suspect in group {
                    if let key = suspect.piece.part { content.setPart(key, target.parts[key]) }
                }
                sendWhole(content, as: name, source: source, in: &channel, into: &draft)
            } else {
                // Its head was taken back meanwhile: what is left of it goes the usual way.
                channel.mark(name, Set(group.map(\.piece.part)), since: draft.since)
            }
        }
    }
}
