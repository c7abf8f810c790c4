import KubernetesModel

/// Which objects of a kind a list or a watch is about.
struct Selection: Hashable, Sendable {
    /// `nil`: all of them.
    var namespace: String?
    var labels = LabelRequirements()
    var fields = FieldRequirements()

    func contains(_ object: StoredObject) -> Bool {
        (namespace == nil || namespace == object.name.namespace)
            && (labels.isEmpty || labels.matches(object.labels)) && (fields.isEmpty || fields.matches(object))
    }

    /// What a change is to a watcher of this selection; `nil` if nothing. An object that leaves the selection is deleted
    /// in the watcher's eyes, one that enters it added.
    func eventType(of change: StoredChange) -> WatchEvent.EventType? {
        let was = change.old.map(contains) ?? false
        let isNow = change.new.map(contains) ?? false
        return switch (was, isNow) {
        case (false, false): nil
        case (false, true): .added
        case (true, true): .modified
        case (true, false): .deleted
        }
    }

    func event(of change: StoredChange) -> WatchEvent? {
        guard let type = eventType(of: change) else { return nil }
        if let object = type == .deleted ? change.tombstone : change.new {
            return WatchEvent(type: type, object: object)
        }
        guard let old = change.old else { return nil }
        // It left the selection: the last state that was in it, under the revision at which it left.
        let last = StoredObject(old.value, name: old.name, revision: change.revision, selectable: old.fields)
        return WatchEvent(type: type, object: last)
    }
}
