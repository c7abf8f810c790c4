import KubernetesModel

/// Every object of every kind under one revision counter. A pure value: a write is first planned (`change`), then made
/// durable by the caller, then committed.
struct ObjectStore: Sendable {
    /// The last revision given to a change; `metadata.resourceVersion` counts these.
    private(set) var revision: UInt64
    private var collections: [StorageKey: ObjectCollection] = [:]
    private var dependents: [String: Set<Reference>] = [:]
    private var references: [String: Reference] = [:]
    /// Before this revision no collection knows anything.
    private var beginning: UInt64
    let historyLimit: Int

    struct Reference: Hashable, Sendable {
        var key: StorageKey
        var name: ObjectName
    }

    init(revision: UInt64 = 1, historyLimit: Int = 4096) {
        self.revision = revision
        self.beginning = revision
        self.historyLimit = historyLimit
    }

    subscript(key: StorageKey, name: ObjectName) -> StoredObject? { collections[key]?.objects[name] }

    func collection(_ key: StorageKey) -> ObjectCollection {
        collections[key] ?? ObjectCollection(historyLimit: historyLimit, compacted: beginning)
    }

    func list(_ key: StorageKey, namespace: String? = nil) -> [StoredObject] {
        collections[key]?.list(namespace: namespace) ?? []
    }

    /// Objects that name this uid in their owner references.
    func dependents(of uid: String) -> [Reference] {
        (dependents[uid] ?? []).sorted { ($0.key, $0.name) < ($1.key, $1.name) }
    }

    func reference(uid: String) -> Reference? { references[uid] }

    /// The change that puts `object` (`nil`: removes what is there) at `name`, numbered with the next revision.
    func change(
        _ resource: APIResource, name: ObjectName, to object: JSONValue?
    ) -> StoredChange {
        let key = resource.storageKey
        let next = revision + 1
        let old = self[key, name]
        let new = object.map {
            StoredObject($0, name: name, revision: next, selectable: resource.selectableFields)
        }
        let tombstone =
            new == nil
            ? old.map { StoredObject($0.value, name: name, revision: next, selectable: resource.selectableFields) }
            : nil
        return StoredChange(key: key, name: name, revision: next, old: old, new: new, tombstone: tombstone)
    }

    mutating func commit(_ change: StoredChange) {
        precondition(change.revision == revision + 1, "a change was planned on an older state")
        revision = change.revision
        index(change.old, in: change.key, isPresent: false)
        index(change.new, in: change.key, isPresent: true)
        collections[change.key, default: ObjectCollection(historyLimit: historyLimit, compacted: beginning)]
            .commit(change)
    }

    /// Puts an object that was stored before back, without an event.
    mutating func restore(_ object: StoredObject, in key: StorageKey) {
        index(object, in: key, isPresent: true)
        collections[key, default: ObjectCollection(historyLimit: historyLimit, compacted: beginning)]
            .set(object, at: object.name)
    }

    /// Drops the history of a kind, so that watches and pages from before have to begin again.
    mutating func compact(_ key: StorageKey) {
        collections[key]?.history.compact(at: revision)
    }

    private mutating func index(_ object: StoredObject?, in key: StorageKey, isPresent: Bool) {
        guard let object else { return }
        let reference = Reference(key: key, name: object.name)
        references[object.uid] = isPresent ? reference : nil
        for owner in object.owners {
            if isPresent {
                dependents[owner, default: []].insert(reference)
            } else {
                dependents[owner]?.remove(reference)
                if dependents[owner]?.isEmpty == true { dependents[owner] = nil }
            }
        }
    }
}
