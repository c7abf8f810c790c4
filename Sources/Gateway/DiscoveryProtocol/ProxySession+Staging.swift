/// A response in the making.
struct Draft: Sendable {
    var changes: [SentChange] = []
    var removed: [String] = []
    var released: [CompositeResource] = []
    var since: Generation

    var isEmpty: Bool { changes.isEmpty && removed.isEmpty }
}

extension ProxySession {
    /// Moves what may be sent of one pending name into the draft; the rest stays pending.
    mutating func stage(
        _ name: String, of type: ResourceType, in channel: inout Channel, into draft: inout Draft,
        serving served: ServedSet
    ) {
        guard let entry = channel.pending.removeValue(forKey: name) else { return }
        guard let source = resolve(type, name, in: served), let target = served.resources[source] else {
            stageAbsent(name, entry, of: type, in: &channel, into: &draft)
            return
        }
        if channel.held[name]?.source == source {
            stagePieces(name, entry, source, target, in: &channel, into: &draft, serving: served)
        } else {
            stageWhole(name, entry, source, target, in: &channel, into: &draft, serving: served)
        }
    }

    /// What is held is looked at where it is: a copy of it that lives on would make the change of one piece copy all.
    private mutating func stagePieces(
        _ name: String, _ entry: Pending, _ source: ResourceName, _ target: CompositeResource,
        in channel: inout Channel, into draft: inout Draft, serving served: ServedSet
    ) {
        var entry = entry
        if entry.comparesAll {
            let held = channel.held[name].map { Array($0.content.parts.keys) } ?? []
            entry.pieces = Set([nil] + target.parts.keys.map(Optional.some) + held.map(Optional.some))
        }
        var waiting: Set<String?> = []
        var isParked = true
        var pieces: [SentChange.Piece] = []
        for part in entry.pieces {
            let (old, new) = (channel.held[name]?.content[part], target[part])
            guard old?.hash != new?.hash else { continue }
            let blocker = new.flatMap { self.blocker(of: $0, serving: served) }
            if blocker == .cold || (blocker == .withheld && old != nil) {
                waiting.insert(part)
                if blocker == .cold { isParked = false }
            } else {
                pieces.append(SentChange.Piece(part: part, old: old, new: new))
            }
        }
        if !pieces.isEmpty || entry.isForced {
            draft.since = min(draft.since, entry.since)
            send(pieces, of: name, source: source, in: &channel, into: &draft)
        }
        if !waiting.isEmpty {
            channel.pending[name] = Pending(pieces: waiting, isParked: isParked, since: entry.since)
        }
    }

    /// Writes the pieces into what the proxy holds.
    mutating func send(
        _ pieces: [SentChange.Piece], of name: String, source: ResourceName, in channel: inout Channel,
        into draft: inout Draft
    ) {
        for piece in pieces {
            retain(piece.new?.references ?? [])
            if let key = piece.part {
                channel.held[name]?.content.setPart(key, piece.new)
            } else if let head = piece.new {
                channel.held[name]?.content.setHead(head)
            }
        }
        draft.changes.append(SentChange(name: name, source: source, isWhole: false, pieces: pieces))
    }

    private mutating func stageWhole(
        _ name: String, _ entry: Pending, _ source: ResourceName, _ target: CompositeResource,
        in channel: inout Channel, into draft: inout Draft, serving served: ServedSet
    ) {
        let blocked = Set(
            target.parts.keys.filter { key in
                target.parts[key].flatMap { blocker(of: $0, serving: served) } == .cold
            })
        let awaited = channel.firstSendingAwaits[name].map(blocked.intersection) ?? blocked
        guard awaited.isEmpty, blocker(of: target.head, serving: served) != .cold else {
            channel.firstSendingAwaits[name] = awaited
            channel.pending[name] = entry
            return
        }
        channel.firstSendingAwaits[name] = nil
        var content = target
        for key in blocked { content.setPart(key, nil) }
        sendWhole(content, as: name, source: source, in: &channel, into: &draft)
        draft.since = min(draft.since, entry.since)
        if !blocked.isEmpty {
            channel.pending[name] = Pending(pieces: Set(blocked.map(Optional.some)), since: entry.since)
        }
    }

    mutating func sendWhole(
        _ content: CompositeResource, as name: String, source: ResourceName, in channel: inout Channel,
        into draft: inout Draft
    ) {
        retainAll(of: content)
        let old = channel.held[name]
        channel.held[name] = Held(source: source, content: content)
        if source.type == .secret { noteCover(name, by: source, in: &channel) }
        let pieces =
            [SentChange.Piece(part: nil, old: nil, new: content.head)]
            + content.parts.map { SentChange.Piece(part: $0.key, old: nil, new: $0.value) }
        draft.changes.append(
            SentChange(name: name, source: source, replaced: old, isWhole: true, pieces: pieces))
    }

    /// Bounds the names that only a wildcard or the default certificate answers: a stranger can think of any number.
    /// The oldest is taken back; Envoy asks again when a handshake needs it.
    private mutating func noteCover(_ name: String, by source: ResourceName, in channel: inout Channel) {
        let isExact = source.name == name.lowercased()
        if let place = channel.coveredNames.firstIndex(of: name) {
            if isExact { channel.coveredNames.remove(at: place) }
            return
        }
        guard !isExact else { return }
        channel.coveredNames.append(name)
        guard channel.coveredNames.count > limits.coveredNames else { return }
        let oldest = channel.coveredNames.removeFirst()
        channel.subscription.remove(oldest, type: .secret)
        channel.pending[oldest] = nil
        channel.held[oldest] = nil
        channel.refusedNames.append(oldest)
    }
}

extension ProxySession {
    private mutating func stageAbsent(
        _ name: String, _ entry: Pending, of type: ResourceType, in channel: inout Channel, into draft: inout Draft
    ) {
        channel.firstSendingAwaits[name] = nil
        let isKept = channel.held[name] != nil || channel.unknown.contains(name)
        if type == .listener || type == .secret || !isKept {
            guard isKept || entry.isForced else { return }
            draft.since = min(draft.since, entry.since)
            remove(name, in: &channel, into: &draft)
            return
        }
        channel.deferredRemovals.insert(name)
        if entry.isForced, let held = channel.held[name] {
            send([], of: name, source: held.source, in: &channel, into: &draft)
        }
    }

    private mutating func remove(_ name: String, in channel: inout Channel, into draft: inout Draft) {
        draft.removed.append(name)
        channel.unknown.remove(name)
        channel.coveredNames.removeAll { $0 == name }
        if let held = channel.held.removeValue(forKey: name) { draft.released.append(held.content) }
    }

    /// Removes what nothing at the proxy refers to any more; the moment to look again, if something must still stay.
    mutating func stageRemovals(
        of type: ResourceType, in channel: inout Channel, into draft: inout Draft, serving served: ServedSet,
        now: Duration
    ) -> Duration? {
        guard !channel.deferredRemovals.isEmpty else { return nil }
        let isKnown = type != .cluster || hasAllRouteTables(serving: served)
        var wakeAt: Duration?
        for name in channel.deferredRemovals.sorted() {
            guard isKnown, references[ResourceName(type, name)] == nil else {
                channel.removableSince[name] = nil
                continue
            }
            let since = channel.removableSince[name] ?? now
            channel.removableSince[name] = since
            guard now >= since + limits.removalGrace else {
                wakeAt = min(wakeAt ?? since + limits.removalGrace, since + limits.removalGrace)
                continue
            }
            channel.deferredRemovals.remove(name)
            channel.removableSince[name] = nil
            remove(name, in: &channel, into: &draft)
        }
        return wakeAt
    }
}
