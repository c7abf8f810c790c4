import KubernetesModel

/// A set of paths into an object, as structured-merge-diff's `fieldpath.Set`: a tree whose nodes may be members.
struct FieldSet: Hashable, Sendable {
    /// Whether the path that leads here belongs to the set.
    var isMember = false
    var children: [PathElement: FieldSet] = [:]

    static let leaf = FieldSet(isMember: true)

    var isEmpty: Bool { !isMember && children.values.allSatisfy(\.isEmpty) }

    /// Adds what is beneath one step; nothing if that is nothing.
    mutating func add(_ element: PathElement, _ set: FieldSet) {
        if !set.isEmpty { children[element] = set }
    }

    func union(_ other: FieldSet) -> FieldSet {
        FieldSet(
            isMember: isMember || other.isMember,
            children: children.merging(other.children) { $0.union($1) })
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && other.isMember)
        for (element, child) in children {
            if let counterpart = other.children[element] { result.add(element, child.intersection(counterpart)) }
        }
        return result
    }

    /// Without the very paths of `other`; what lies beneath them stays.
    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && !other.isMember)
        for (element, child) in children {
            result.add(element, other.children[element].map(child.subtracting) ?? child)
        }
        return result
    }

    /// All paths, in order, as conflicts print them.
    var paths: [String] {
        (isMember ? [""] : [])
            + children.sorted { $0.key < $1.key }.flatMap { element, child in
                child.paths.map { element.description + $0 }
            }
    }
}

extension FieldSet {
    static let maximumDepth = 200

    /// Reads `fieldsV1`; steps that cannot be read are left out.
    init(fieldsV1 json: JSONValue, depth: Int = 0) {
        let members = json.object ?? [:]
        // A node without children is a member even without saying so, except for the set as a whole.
        isMember = depth > 0 && (members.isEmpty || members["."] != nil)
        guard depth < Self.maximumDepth else { return }
        for (key, child) in members {
            guard let element = PathElement(fieldsV1: key) else { continue }
            add(element, FieldSet(fieldsV1: child, depth: depth + 1))
        }
    }

    var fieldsV1: JSONValue {
        var members: [String: JSONValue] = [:]
        for (element, child) in children where !child.isEmpty { members[element.fieldsV1] = child.fieldsV1 }
        if isMember, !members.isEmpty { members["."] = .object([:]) }
        return .object(members)
    }
}
