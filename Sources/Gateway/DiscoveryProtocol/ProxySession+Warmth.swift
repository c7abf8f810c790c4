extension ProxySession {
    enum Blocker {
        /// Some cluster is not at the proxy, or not warm there.
        case cold
        /// Some cluster is one that Envoy refuses.
        case withheld
    }

    /// Whether requests may be sent to these references at this proxy.
    func blocker(of form: PieceForm, serving served: ServedSet) -> Blocker? {
        var found: Blocker?
        for reference in form.references where reference.type == .cluster {
            if channels[.cluster]?.held[reference.name] != nil {
                if isCold(reference.name, serving: served) { return .cold }
            } else if served.resources[reference] != nil {
                return .cold
            } else if served.isWithheld(reference) {
                found = .withheld
            }
        }
        return found
    }

    private func isCold(_ cluster: String, serving served: ServedSet) -> Bool {
        guard let state = cold[cluster] else { return false }
        // What is not served is not waited for: Envoy has refused it, or nothing ever published it.
        return !state.isAcknowledged || state.awaited.contains { served.resources[$0] != nil }
    }

    /// Clusters go out: the new ones are cold, and all of them need their endpoints after this response.
    mutating func clustersSent(_ changes: [SentChange], sequence: UInt64, serving served: ServedSet, since: Generation)
    {
        for change in changes {
            guard let form = channels[.cluster]?.held[change.name]?.content.head else { continue }
            let endpoints = form.references.filter { $0.type == .clusterLoadAssignment }
            for name in endpoints where channels[name.type]?.subscription.wants(name.name) == true {
                channels[name.type]?.mark(name.name, [nil], since: since, isForced: true)
            }
            let isNew = change.isWhole && change.replaced == nil
            guard isNew || cold[change.name] != nil else { continue }
            clusterGone(change.name)
            let secrets = form.references.filter {
                $0.type == .secret && channels[.secret]?.held[$0.name] == nil
            }
            let awaited = endpoints.union(secrets).filter { served.resources[$0] != nil }
            cold[change.name] = ColdCluster(
                sequence: sequence, isAcknowledged: false, awaited: awaited, since: since)
            for name in awaited { clustersAwaiting[name, default: []].insert(change.name) }
        }
    }

    mutating func clusterAcknowledged(_ name: String) {
        cold[name]?.isAcknowledged = true
        dropIfWarm(name)
    }

    mutating func clusterGone(_ name: String) {
        guard let state = cold.removeValue(forKey: name) else { return }
        for awaited in state.awaited { clustersAwaiting[awaited]?.remove(name) }
    }

    /// The proxy has these endpoints, by a response of this number.
    mutating func warmed(by name: ResourceName, after sequence: UInt64) {
        guard let clusters = clustersAwaiting[name] else { return }
        for cluster in clusters where (cold[cluster]?.sequence ?? 0) < sequence {
            cold[cluster]?.awaited.remove(name)
            clustersAwaiting[name]?.remove(cluster)
            dropIfWarm(cluster)
        }
        if clustersAwaiting[name]?.isEmpty == true { clustersAwaiting[name] = nil }
    }

    private mutating func dropIfWarm(_ name: String) {
        if let state = cold[name], state.isAcknowledged, state.awaited.isEmpty { cold[name] = nil }
    }

    /// Whether the proxy has a table for every listener, so that what it refers to is known.
    func hasAllRouteTables(serving served: ServedSet) -> Bool {
        guard let listeners = channels[.listener], listeners.subscription.hasStarted, listeners.unknown.isEmpty else {
            return false
        }
        let tables = channels[.routeConfiguration]
        if tables?.unknown.isEmpty == false { return false }
        for listener in listeners.held.values {
            for name in listener.content.head.references where name.type == .routeConfiguration {
                if tables?.held[name.name] == nil, served.resources[name] != nil { return false }
            }
        }
        return true
    }

    /// The newest generation that this proxy has acknowledged whole; `.none` until it holds listeners and routes.
    package func applied(of current: Generation, serving served: ServedSet) -> Generation {
        guard let clusters = channels[.cluster], clusters.subscription.hasStarted, !clusters.owesAnswer,
            channels[.listener]?.owesAnswer == false, hasAllRouteTables(serving: served)
        else { return .none }
        var oldest: Generation?
        for type in ResourceType.allCases {
            guard let outstanding = channels[type]?.oldestOutstanding else { continue }
            oldest = min(oldest ?? outstanding, outstanding)
        }
        for (name, state) in cold where isCold(name, serving: served) {
            oldest = min(oldest ?? state.since, state.since)
        }
        return oldest?.previous ?? current
    }
}
