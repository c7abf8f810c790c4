import KubernetesModel

/// A commit to one object: what it was before, what it is now. Without `old` it was created, without `new` deleted.
struct StoredChange: Sendable {
    var key: StorageKey
    var name: ObjectName
    var revision: UInt64
    var old: StoredObject?
    var new: StoredObject?
    /// A deleted object's last state, numbered with the revision of its deletion.
    var tombstone: StoredObject?

    /// The object that a watch event carries.
    var carried: StoredObject? { new ?? tombstone }
}

/// The newest changes of one kind, at most `limit`, oldest first. What falls out raises `compacted`.
struct EventHistory: Sendable {
    private var ring: [StoredChange] = []
    private var start = 0
    let limit: Int
    /// Watches may not begin before this revision: its events are gone.
    private(set) var compacted: UInt64

    init(limit: Int, compacted: UInt64) {
        self.limit = max(1, limit)
        self.compacted = compacted
    }

    mutating func append(_ change: StoredChange) {
        if ring.count < limit {
            ring.append(change)
            return
        }
        compacted = ring[start].revision
        ring[start] = change
        start = (start + 1) % limit
    }

    /// Forgets everything, so that every watch from before `revision` has to list again.
    mutating func compact(at revision: UInt64) {
        ring.removeAll()
        start = 0
        compacted = revision
    }

    /// The changes after `revision`, oldest first; `nil` if some of them are gone.
    func changes(after revision: UInt64) -> [StoredChange]? {
        guard revision >= compacted else { return nil }
        var low = 0
        var high = ring.count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].revision > revision { high = middle } else { low = middle + 1 }
        }
        return (low..<ring.count).map { self[$0] }
    }

    private subscript(index: Int) -> StoredChange { ring[(start + index) % ring.count] }
}
