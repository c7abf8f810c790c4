import KubernetesModel

/// Which fields two versions of an object differ in.
struct Comparison {
    var added = FieldSet()
    var modified = FieldSet()
    var removed = FieldSet()

    var isSame: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }

    /// Compares from `old` to `new`; `nil` is absence.
    init(from old: JSONValue?, to new: JSONValue?, _ node: SchemaNode) {
        let old = old.flatMap { $0.isNull ? Optional.none : $0 }
        let new = new.flatMap { $0.isNull ? Optional.none : $0 }
        let before = old.map { Granularity($0, node) }
        let after = new.map { Granularity($0, node) }
        switch (before, after) {
        case (.none, .none): return
        case (.members(let a)?, .members(let b)?): compareMembers(a, b, node, hasOld: true, hasNew: true)
        case (.members(let a)?, .none): compareMembers(a, [:], node, hasOld: true, hasNew: false)
        case (.none, .members(let b)?): compareMembers([:], b, node, hasOld: false, hasNew: true)
        case (.elements(let a)?, .elements(let b)?): compareElements(a, b, node)
        case (.elements(let a)?, .none): compareElements(a, [], node)
        case (.none, .elements(let b)?): compareElements([], b, node)
        default:
            // One of them is a single thing: if both are there, they can only be equal or not.
            if old != nil, new != nil, old != new { modified.isMember = true }
        }
        if old == nil { added.isMember = true }
        if new == nil { removed.isMember = true }
    }

    private mutating func compareMembers(
        _ a: [String: JSONValue], _ b: [String: JSONValue], _ node: SchemaNode, hasOld: Bool, hasNew: Bool
    ) {
        for key in Set(a.keys).union(b.keys) {
            var old = a[key]
            var new = b[key]
            if node.members?.fields[key]?.isAlwaysPresent == true {
                // The server writes it even when empty, so that it is never new, and never gone.
                if hasOld { old = old ?? new.flatMap(Self.emptied) }
                if hasNew { new = new ?? old.flatMap(Self.emptied) }
            }
            add(.field(key), Comparison(from: old, to: new, node.memberOrAny(key)))
        }
    }

    private static func emptied(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .object: .some(.object([:]))
        case .array: .some(.array([]))
        default: .none
        }
    }

    private mutating func compareElements(
        _ a: [(element: PathElement, value: JSONValue)], _ b: [(element: PathElement, value: JSONValue)],
        _ node: SchemaNode
    ) {
        let element = node.list.element
        let before = Dictionary(a.map { ($0.element, $0.value) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(b.map { ($0.element, $0.value) }, uniquingKeysWith: { first, _ in first })
        for path in Set(before.keys).union(after.keys) {
            add(path, Comparison(from: before[path], to: after[path], element))
        }
    }

    private mutating func add(_ element: PathElement, _ child: Comparison) {
        added.add(element, child.added)
        modified.add(element, child.modified)
        removed.add(element, child.removed)
    }
}
