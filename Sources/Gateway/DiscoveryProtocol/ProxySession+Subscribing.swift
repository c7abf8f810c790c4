extension ProxySession {
    mutating func subscribe(
        _ request: DeltaRequest, isFirst: Bool, serving served: ServedSet, at generation: Generation
    ) {
        var channel = channels.removeValue(forKey: request.type) ?? Channel()
        let began = channel.subscription.apply(request)
        for name in request.unsubscribe where !channel.subscription.wants(name) {
            forget(name, in: &channel)
        }
        if isFirst {
            learn(request, in: &channel, serving: served, at: generation)
            channel.owesAnswer = channel.subscription.isWildcard && request.initialVersions.isEmpty
        }
        if began {
            for name in served.resources.keys where name.type == request.type && channel.held[name.name] == nil {
                channel.mark(name.name, [nil], since: generation)
            }
        }
        for name in request.subscribe where name != Subscription.wildcard || request.type == .secret {
            guard request.type != .secret || SecretCover.isServable(name) else {
                channel.subscription.remove(name, type: .secret)
                channel.refusedNames.append(name)
                continue
            }
            // A name that the request proves to be held in our version needs no answer; any other must have one.
            let isKnown = isFirst && request.initialVersions[name] != nil && channel.held[name] != nil
            if !isKnown { channel.mark(name, [nil], since: generation, isForced: true) }
        }
        channels[request.type] = channel
    }

    /// The proxy drops what it no longer asks for.
    private mutating func forget(_ name: String, in channel: inout Channel) {
        channel.pending[name] = nil
        channel.deferredRemovals.remove(name)
        channel.removableSince[name] = nil
        channel.unknown.remove(name)
        channel.firstSendingAwaits[name] = nil
        channel.coveredNames.removeAll { $0 == name }
        guard let held = channel.held.removeValue(forKey: name) else { return }
        releaseAll(of: held.content)
    }

    mutating func releaseAll(of content: CompositeResource) {
        release(content.head.references)
        for part in content.parts.values { release(part.references) }
    }

    mutating func retainAll(of content: CompositeResource) {
        retain(content.head.references)
        for part in content.parts.values { retain(part.references) }
    }

    /// Takes over what a reconnected proxy says it holds.
    private mutating func learn(
        _ request: DeltaRequest, in channel: inout Channel, serving served: ServedSet, at generation: Generation
    ) {
        for (name, version) in request.initialVersions {
            if let source = resolve(request.type, name, in: served), let content = served.resources[source],
                content.version.description == version
            {
                channel.held[name] = Held(source: source, content: content)
                retainAll(of: content)
            } else {
                channel.unknown.insert(name)
                channel.mark(name, [nil], since: generation)
            }
            if request.type == .cluster { noteKnown(ResourceName(.cluster, name), serving: served, at: generation) }
            // A cluster that changed just before the stream broke may still wait for them, and Envoy does not say so.
            if request.type == .clusterLoadAssignment { channel.mark(name, [nil], since: generation, isForced: true) }
        }
    }

    /// What the proxy held before counts as cold until it has its endpoints again.
    private mutating func noteKnown(_ name: ResourceName, serving served: ServedSet, at generation: Generation) {
        guard let cluster = served.resources[name] else { return }
        let awaited = cluster.head.references.filter { $0.type == .clusterLoadAssignment }
        guard !awaited.isEmpty else { return }
        cold[name.name] = ColdCluster(sequence: 0, isAcknowledged: true, awaited: awaited, since: generation)
        for reference in awaited { clustersAwaiting[reference, default: []].insert(name.name) }
    }
}
