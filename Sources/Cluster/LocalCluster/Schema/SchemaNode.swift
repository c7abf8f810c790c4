/// What may stand at one place of an object. One description serves unknown-field warnings, strategic merge patches,
/// field ownership of server-side apply, and OpenAPI.
indirect enum SchemaNode: Sendable, Hashable {
    case scalar(ScalarType)
    /// Anything. Its objects merge member by member, its lists as a whole.
    case any
    /// A type of `BuiltInSchema`.
    case named(String, isAtomic: Bool)
    /// A type written in place, as in a custom resource's schema.
    case structure(Structure, isAtomic: Bool)
    case map(of: SchemaNode, isAtomic: Bool)
    case list(of: SchemaNode, ListSchema)
}

enum ScalarType: String, Sendable, Hashable {
    case string, int, int64, bool, number, time, bytes, quantity, intOrString
}

/// How the elements of a list are told apart.
struct ListSchema: Sendable, Hashable {
    enum Topology: Sendable, Hashable {
        case atomic
        case set
        case map([ListKey])
    }

    /// For server-side apply (`x-kubernetes-list-type`).
    var topology = Topology.atomic
    /// For strategic merge patches (`x-kubernetes-patch-strategy: merge`).
    var mergesInPatches = false
    /// `x-kubernetes-patch-merge-key`; `nil` for lists of scalars.
    var patchKey: String?
    /// `$retainKeys` may come with each element.
    var retainsKeys = false
}

/// A member that tells a list's elements apart, with what it is when left out.
struct ListKey: Sendable, Hashable {
    var name: String
    var defaultValue: String?
}

/// The members of an object that has a fixed set of them.
struct Structure: Sendable, Hashable {
    struct Field: Sendable, Hashable {
        var name: String
        var node: SchemaNode
        /// Written by the server even when empty, so that nobody comes to own it by adding something beneath it.
        var isAlwaysPresent = false
        var isRequired = false
        var description = ""
    }

    var name: String
    var fields: [String: Field] = [:]
    /// As declared.
    var order: [String] = []
    /// Other members are fine too.
    var isOpen = false
    var isAtomic = false
}

extension SchemaNode {
    /// The members, for nodes that have a fixed set of them.
    var members: Structure? {
        switch self {
        case .named(let name, _): BuiltInSchema.structures[name]
        case .structure(let structure, _): structure
        case .scalar, .any, .map, .list: nil
        }
    }

    /// The node of the member `key` of an object at this place; `nil` if it is unknown.
    func member(_ key: String) -> SchemaNode? {
        switch self {
        case .any: return .any
        case .map(let element, _): return element
        case .scalar, .list: return nil
        case .named, .structure:
            guard let members else { return .any }
            return members.fields[key]?.node ?? (members.isOpen ? .any : nil)
        }
    }

    /// Owned and replaced as one value.
    var isAtomicObject: Bool {
        switch self {
        case .map(_, let isAtomic): isAtomic
        case .named(_, let isAtomic), .structure(_, let isAtomic): isAtomic || members?.isAtomic ?? false
        case .scalar, .any, .list: false
        }
    }

    /// The element's node and how elements are told apart, for lists.
    var list: (element: SchemaNode, schema: ListSchema) {
        if case .list(let element, let schema) = self { (element, schema) } else { (.any, ListSchema()) }
    }
}
