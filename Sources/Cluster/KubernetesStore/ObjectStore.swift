package import KubernetesModel

/// An object came (`old` is `nil`), changed, or went (`new` is `nil`).
package struct ObjectChange<O: KubernetesObject>: Hashable, Sendable {
    package var name: ObjectName
    package var old: O?
    package var new: O?

    package init(name: ObjectName, old: O?, new: O?) {
        self.name = name
        self.old = old
        self.new = new
    }
}

/// The objects of one kind as last heard of, by name.
package struct ObjectStore<O: KubernetesObject>: Sendable {
    package private(set) var objects: [ObjectName: O] = [:]

    package init() {}

    /// Returns the change, or `nil` where only the resource version differs: somebody wrote fields we do not read.
    package mutating func set(_ object: O) -> ObjectChange<O>? {
        let name = object.objectName
        let old = objects.updateValue(object, forKey: name)
        guard var old else { return ObjectChange(name: name, old: nil, new: object) }
        let change = ObjectChange(name: name, old: old, new: object)
        old.metadata.resourceVersion = object.metadata.resourceVersion
        return old == object ? nil : change
    }

    package mutating func remove(_ name: ObjectName) -> ObjectChange<O>? {
        objects.removeValue(forKey: name).map { ObjectChange(name: name, old: $0, new: nil) }
    }

    /// The store becomes `objects`; returns what that changes. Names in `kept` keep what they had: they exist, but
    /// their present form cannot be read.
    package mutating func replace(with objects: [O], keeping kept: Set<ObjectName>) -> [ObjectChange<O>] {
        var gone = Set(self.objects.keys).subtracting(kept)
        var changes: [ObjectChange<O>] = []
        for object in objects {
            gone.remove(object.objectName)
            if let change = set(object) { changes.append(change) }
        }
        // In order, so that the same history always gives the same batches.
        changes += gone.sorted().compactMap { remove($0) }
        return changes
    }
}
