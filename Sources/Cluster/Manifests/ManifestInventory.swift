/// What the files want, against what was applied from them before.
package struct ManifestInventory: Sendable {
    /// The objects of every file that could be read, at the last good reading of that file.
    private var wanted: [String: [Manifest.Identity: Manifest]] = [:]
    /// Applied as it stood then.
    private var applied: [Manifest.Identity: Manifest] = [:]
    /// Applied by an earlier run, content unknown.
    private var inherited: Set<Manifest.Identity>
    /// Files that had errors at their last reading. What an earlier run applied may stand in one of them.
    private var faulty: Set<String> = []

    package init(inherited: Set<Manifest.Identity> = []) {
        self.inherited = inherited
    }

    package struct Change: Sendable, Hashable {
        package var apply: [Manifest] = []
        package var delete: [Manifest.Identity] = []

        package var isEmpty: Bool { apply.isEmpty && delete.isEmpty }
    }

    /// A file was read. One that has errors keeps the objects of its last good reading beside those that can be read
    /// now, so that a slip of the keyboard deletes nothing.
    package mutating func read(_ file: ManifestFile, path: String) {
        if file.errors.isEmpty { faulty.remove(path) } else { faulty.insert(path) }
        var manifests = file.errors.isEmpty ? [:] : wanted[path] ?? [:]
        for manifest in file.manifests { manifests[manifest.identity] = manifest }
        wanted[path] = manifests
    }

    /// The file is gone.
    package mutating func removed(path: String) {
        wanted[path] = nil
        faulty.remove(path)
    }

    /// What is to be done, in an order in which it can be done: namespaces and custom kinds first, and deletions last.
    package func change() -> Change {
        var change = Change()
        var present: Set<Manifest.Identity> = []
        for path in wanted.keys.sorted() {
            for (identity, manifest) in wanted[path] ?? [:] where present.insert(identity).inserted {
                if applied[identity]?.object != manifest.object { change.apply.append(manifest) }
            }
        }
        change.apply.sort { a, b in
            let (rankA, rankB) = (Self.rank(a.identity.kind), Self.rank(b.identity.kind))
            return rankA == rankB ? a.identity < b.identity : rankA < rankB
        }
        let known = faulty.isEmpty ? Set(applied.keys).union(inherited) : Set(applied.keys)
        change.delete = known.subtracting(present).sorted()
        return change
    }

    package mutating func succeeded(applying manifest: Manifest) {
        applied[manifest.identity] = manifest
        inherited.remove(manifest.identity)
    }

    package mutating func succeeded(deleting identity: Manifest.Identity) {
        applied[identity] = nil
        inherited.remove(identity)
    }

    /// All that was applied and not deleted since, to be remembered for the next run.
    package var identities: Set<Manifest.Identity> { Set(applied.keys).union(inherited) }

    private static func rank(_ kind: String) -> Int {
        switch kind {
        case "Namespace": 0
        case "CustomResourceDefinition": 1
        case "IngressClass", "GatewayClass": 2
        case "Secret", "ConfigMap", "Service", "EndpointSlice": 3
        default: 4
        }
    }
}
