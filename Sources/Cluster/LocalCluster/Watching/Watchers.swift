import KubernetesModel

/// Who is watching what. Every watcher has a bounded buffer: one that does not keep up is cut off and lists again.
struct Watchers: Sendable {
    enum Signal: Sendable {
        case event(WatchEvent)
        /// Everything up to this revision was sent.
        case bookmark(UInt64)
    }

    struct Identifier: Hashable, Sendable {
        fileprivate var key: StorageKey
        fileprivate var number: UInt64
    }

    private struct Watcher: Sendable {
        var selection: Selection
        var wantsBookmarks: Bool
        var deadline: Timestamp
        var continuation: AsyncStream<Signal>.Continuation
    }

    /// Events that may wait for one watcher. A full relist costs the client less than being this far behind.
    static let bufferLimit = 8192

    private var byKey: [StorageKey: [UInt64: Watcher]] = [:]
    private var nextNumber: UInt64 = 0

    mutating func add(
        _ key: StorageKey, selection: Selection, wantsBookmarks: Bool, deadline: Timestamp
    ) -> (Identifier, AsyncStream<Signal>) {
        let (stream, continuation) = AsyncStream<Signal>.makeStream(
            bufferingPolicy: .bufferingOldest(Self.bufferLimit))
        nextNumber += 1
        byKey[key, default: [:]][nextNumber] = Watcher(
            selection: selection, wantsBookmarks: wantsBookmarks, deadline: deadline, continuation: continuation)
        return (Identifier(key: key, number: nextNumber), stream)
    }

    mutating func remove(_ identifier: Identifier) {
        byKey[identifier.key]?.removeValue(forKey: identifier.number)?.continuation.finish()
        if byKey[identifier.key]?.isEmpty == true { byKey[identifier.key] = nil }
    }

    mutating func removeExpired(now: Timestamp) {
        for (key, watchers) in byKey {
            for (number, watcher) in watchers where watcher.deadline <= now {
                remove(Identifier(key: key, number: number))
            }
        }
    }

    mutating func removeAll() {
        for watcher in byKey.values.flatMap(\.values) { watcher.continuation.finish() }
        byKey.removeAll()
    }

    mutating func publish(_ change: StoredChange) {
        guard let watchers = byKey[change.key] else { return }
        // Nearly all watchers are told the same; the line is encoded once.
        var shared: [WatchEvent.EventType: WatchEvent] = [:]
        for (number, watcher) in watchers {
            guard let type = watcher.selection.eventType(of: change) else { continue }
            let isCommon = type != .deleted || change.new == nil
            guard let event = (isCommon ? shared[type] : nil) ?? watcher.selection.event(of: change) else { continue }
            if isCommon { shared[type] = event }
            send(.event(event), to: Identifier(key: change.key, number: number), watcher)
        }
    }

    /// Tells every watcher that asked for it how far it is.
    mutating func bookmark(at revision: UInt64) {
        for (key, watchers) in byKey {
            for (number, watcher) in watchers where watcher.wantsBookmarks {
                send(.bookmark(revision), to: Identifier(key: key, number: number), watcher)
            }
        }
    }

    private mutating func send(_ signal: Signal, to identifier: Identifier, _ watcher: Watcher) {
        guard case .dropped = watcher.continuation.yield(signal) else { return }
        remove(identifier)
    }
}
