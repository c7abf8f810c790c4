import KubernetesModel

/// The objects of one kind, in order of namespace and name, with their history.
struct ObjectCollection: Sendable {
    private(set) var objects: [ObjectName: StoredObject] = [:]
    /// The keys of `objects`, sorted: lists and pages follow it.
    private var order: [ObjectName] = []
    var history: EventHistory

    init(historyLimit: Int, compacted: UInt64) {
        history = EventHistory(limit: historyLimit, compacted: compacted)
    }

    mutating func commit(_ change: StoredChange) {
        set(change.new, at: change.name)
        history.append(change)
    }

    /// Restores an object from disk: no event, no history.
    mutating func set(_ object: StoredObject?, at name: ObjectName) {
        let old = objects[name]
        objects[name] = object
        guard (old == nil) != (object == nil) else { return }
        let index = position(of: name)
        if object == nil { order.remove(at: index) } else { order.insert(name, at: index) }
    }

    /// The first index whose name is not before `name`.
    private func position(of name: ObjectName) -> Int {
        var low = 0
        var high = order.count
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Every object of a namespace (of all of them: `nil`), in order.
    func list(namespace: String?) -> [StoredObject] {
        guard let namespace else { return order.compactMap { objects[$0] } }
        let start = position(of: ObjectName(namespace: namespace, name: ""))
        return order[start...].prefix { $0.namespace == namespace }.compactMap { objects[$0] }
    }

    /// The same as it was at `revision`, by undoing what came later; `nil` if that is no longer known.
    func list(namespace: String?, at revision: UInt64) -> [StoredObject]? {
        guard let later = history.changes(after: revision) else { return nil }
        guard !later.isEmpty else { return list(namespace: namespace) }
        var past = Dictionary(
            list(namespace: namespace).map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        for change in later.reversed() where namespace == nil || change.name.namespace == namespace {
            past[change.name] = change.old
        }
        return past.sorted { $0.key < $1.key }.map(\.value)
    }
}
