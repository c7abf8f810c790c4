/// All proxies and the set that they shall hold: the whole protocol as one pure value.
///
/// The edge tells it what happened, then asks `next` for what to do.
package struct FleetDiscovery: Sendable {
    package private(set) var served: ServedSet
    package private(set) var generation = Generation.none
    package private(set) var isSynced = false
    private var wantedBeforeSync = WantedSetBeforeSync()
    /// There is a persisted set to serve until the wanted one is complete.
    private let servesBeforeSync: Bool
    private let limits: ProxySession.Limits
    private var sessions: [SessionID: Connected] = [:]
    private var lastSession = SessionID(0)
    private var assembled = AssembledResources()
    /// Sessions for which there may be something to do.
    private var stirred: Set<SessionID> = []

    private struct Connected: Sendable {
        var session: ProxySession
        var connectedAt: Duration
        var wakeAt: Duration?
        /// It reconnected with what an earlier process had sent.
        var holdsConfiguration = false
        var refusals: [ResourceType: String] = [:]
    }

    /// - Parameter lastGood: what proxies had accepted before a restart; served until `markSynced`.
    package init(limits: ProxySession.Limits = .init(), lastGood: ResourceChange? = nil) {
        self.limits = limits
        served = lastGood.map(ServedSet.init(accepted:)) ?? ServedSet()
        servesBeforeSync = lastGood != nil
    }

    /// What the edge shall do.
    package struct Effects: Sendable {
        package var responses: [(session: SessionID, response: DeltaResponse)] = []
        package var wakeAt: Duration?
        package var didRejectionsChange = false

        package init() {}
    }

    private var isServing: Bool { isSynced || servesBeforeSync }

    /// The persisted set may be older than what a living proxy holds, and may lack the listeners it serves: such a proxy
    /// keeps what it has until the wanted set is complete.
    private func mayAnswer(_ id: SessionID) -> Bool { isSynced || sessions[id]?.holdsConfiguration == false }

    package mutating func publish(_ change: ResourceChange) -> Generation {
        guard !change.isEmpty else { return generation }
        generation = generation.next
        if isSynced {
            spread(served.apply(change))
        } else {
            wantedBeforeSync.apply(change)
        }
        return generation
    }

    /// The wanted set is complete: it takes the place of the persisted one.
    package mutating func markSynced() {
        guard !isSynced else { return }
        isSynced = true
        generation = generation.next
        spread(served.apply(wantedBeforeSync.change(from: served)))
        wantedBeforeSync = WantedSetBeforeSync()
        stirred = Set(sessions.keys)
    }

    package mutating func connected(at now: Duration) -> SessionID {
        lastSession = SessionID(lastSession.number + 1)
        sessions[lastSession] = Connected(session: ProxySession(limits: limits), connectedAt: now)
        return lastSession
    }

    package mutating func disconnected(_ id: SessionID) {
        sessions[id] = nil
        stirred.remove(id)
    }

    /// - Returns: how the proxy answered the response in flight, if it did.
    package mutating func received(_ request: DeltaRequest, from id: SessionID) -> ProxySession.OnRequest.Answer? {
        let isIntroduction = sessions[id]?.session.node == nil
        guard
            let result = sessions[id]?.session.received(request, serving: served, at: generation)
        else { return nil }
        stirred.insert(id)
        if !request.initialVersions.isEmpty { sessions[id]?.holdsConfiguration = true }
        if isIntroduction, sessions[id]?.session.node != nil {
            spread(served.release(exceptFor: connectedVersions))
        }
        for form in result.accepted { served.accepted(form.piece, form.hash) }
        convict(result.refused, by: id)
        switch result.answer {
        case .refused(let message): sessions[id]?.refusals[request.type] = message
        case .acknowledged: sessions[id]?.refusals[request.type] = nil
        case nil: break
        }
        return result.answer
    }

    /// What is to be done at this moment, since any fixed one; to be asked after every input, and at `wakeAt`.
    package mutating func next(now: Duration) -> Effects {
        var effects = Effects()
        guard isServing else { return effects }
        let before = served.quarantined.count
        for (id, connected) in sessions where connected.wakeAt.map({ $0 <= now }) ?? false { stirred.insert(id) }
        while let id = stirred.min() {
            stirred.remove(id)
            guard mayAnswer(id),
                let step = sessions[id]?.session.next(
                    serving: served, assembled: &assembled, at: generation, now: now)
            else { continue }
            sessions[id]?.wakeAt = step.wakeAt
            effects.responses += step.responses.map { (id, $0) }
            convict(step.refused, by: id)
        }
        effects.wakeAt = sessions.values.compactMap(\.wakeAt).min()
        effects.didRejectionsChange = served.quarantined.count != before
        settle()
        return effects
    }

    package func status(of id: SessionID) -> ProxyStatus? {
        sessions[id].map { status(of: $0, id: id) }
    }

    package var status: FleetStatus {
        FleetStatus(
            generation: generation, isSynced: isSynced,
            proxies: sessions.sorted { $0.key < $1.key }.map { status(of: $0.value, id: $0.key) },
            rejections: served.rejections)
    }
}

extension FleetDiscovery {
    private var connectedVersions: Set<String> {
        Set(sessions.values.compactMap(\.session.node?.version))
    }

    private mutating func spread(_ dirty: DirtyPieces) {
        guard !dirty.isEmpty else { return }
        for id in sessions.keys {
            sessions[id]?.session.changed(dirty, serving: served, at: generation)
            stirred.insert(id)
        }
    }

    private mutating func convict(
        _ refused: [(piece: ResourcePiece, hash: ContentHash, message: String)], by id: SessionID
    ) {
        let version = sessions[id]?.session.node?.version ?? ""
        for form in refused {
            spread(served.refused(form.piece, form.hash, message: form.message, envoyVersion: version))
        }
    }

    private mutating func settle() {
        guard isSynced, !sessions.isEmpty else { return }
        let isSettled = sessions.values.allSatisfy {
            $0.session.applied(of: generation, serving: served) == generation
        }
        if isSettled { served.settled() }
    }

    private func status(of connected: Connected, id: SessionID) -> ProxyStatus {
        var status = ProxyStatus(
            id: id, node: connected.session.node, connectedAt: connected.connectedAt, applied: .none, types: [:])
        if isSynced { status.applied = connected.session.applied(of: generation, serving: served) }
        for (type, channel) in connected.session.channels {
            status.types[type] = ProxyStatus.TypeStatus(
                held: channel.held.count, pending: channel.pending.count,
                isAwaitingAnswer: channel.inFlight != nil, refusal: connected.refusals[type])
        }
        return status
    }
}
