package import TrafficPlan

/// What can be accepted, refused and set aside on its own: a resource's head, or one part of it.
package struct ResourcePiece: Hashable, Sendable, CustomStringConvertible {
    package var resource: ResourceName
    /// `nil` is the head.
    package var part: String?

    package init(_ resource: ResourceName, part: String? = nil) {
        self.resource = resource
        self.part = part
    }

    package var description: String { part.map { "\(resource) part \($0)" } ?? "\(resource)" }
}

/// The content of a piece at one moment.
package struct PieceForm: Hashable, Sendable {
    package var bytes: [UInt8]
    package var references: Set<ResourceName>
    package var origins: [Origin]
    package let hash: ContentHash

    package init(_ resource: DiscoveryResource) {
        bytes = resource.head
        references = resource.references
        origins = resource.origins
        hash = ContentHash(of: resource.head)
    }

    package init(_ part: ResourcePart, key: String) {
        bytes = part.bytes
        references = part.references
        origins = part.origins
        hash = ContentHash(of: part.bytes, key: key)
    }
}

/// A resource as a head and its parts, whose version follows from theirs.
package struct CompositeResource: Sendable {
    package private(set) var head: PieceForm
    package private(set) var parts: [String: PieceForm] = [:]
    package private(set) var version: ContentHash
    private var partBytes = 0
    /// The keys in order, or a superset of them that the next assembly puts in order.
    private var keys: [String] = []
    private var unsortedKeys: [String] = []

    package init(head: PieceForm) {
        self.head = head
        version = head.hash
    }

    package subscript(part: String?) -> PieceForm? {
        guard let part else { return head }
        return parts[part]
    }

    package mutating func setHead(_ form: PieceForm) {
        version = version - head.hash + form.hash
        head = form
    }

    package mutating func setPart(_ key: String, _ form: PieceForm?) {
        let old = parts[key]
        if let old {
            version = version - old.hash
            partBytes -= old.bytes.count
        }
        parts[key] = form
        guard let form else { return }
        version = version + form.hash
        partBytes += form.bytes.count
        if old == nil { unsortedKeys.append(key) }
    }

    /// The head's bytes, then those of the parts by ascending key.
    package mutating func assembled() -> [UInt8] {
        sortKeys()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head.bytes.count + partBytes)
        bytes.append(contentsOf: head.bytes)
        for key in keys {
            if let part = parts[key] { bytes.append(contentsOf: part.bytes) }
        }
        return bytes
    }

    /// The part at a place of the assembled bytes, which is how Envoy names a faulty virtual host.
    package mutating func key(at index: Int) -> String? {
        sortKeys()
        return keys.indices.contains(index) ? keys[index] : nil
    }

    /// Merges the new keys in: linear for a change of few keys, where a full sort would not be.
    private mutating func sortKeys() {
        guard !unsortedKeys.isEmpty || keys.count != parts.count else { return }
        if unsortedKeys.count == 1, keys.count + 1 == parts.count {
            // The usual change. One key more than before, and so none of the old ones is gone.
            keys.insert(unsortedKeys[0], at: place(of: unsortedKeys[0]))
            unsortedKeys = []
            return
        }
        unsortedKeys.sort()
        var merged: [String] = []
        merged.reserveCapacity(parts.count)
        var old = keys[...]
        var new = unsortedKeys[...]
        while let key = smaller(&old, &new) {
            if key != merged.last, parts[key] != nil { merged.append(key) }
        }
        keys = merged
        unsortedKeys = []
    }

    /// Where the key belongs among the sorted ones.
    private func place(of key: String) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func smaller(_ left: inout ArraySlice<String>, _ right: inout ArraySlice<String>) -> String? {
        guard let first = left.first else { return right.popFirst() }
        guard let second = right.first else { return left.popFirst() }
        return first <= second ? left.popFirst() : right.popFirst()
    }
}
