import KubernetesModel

/// A kind of object as this server serves it: what discovery says about it, and how writes to it behave.
struct APIResource: Hashable, Sendable {
    /// What `metadata.generation` counts.
    enum Generation: Hashable, Sendable {
        /// The kind has none (ConfigMap, Secret, Service, …).
        case none
        /// Changes of anything but `metadata` and `status`.
        case specification
        /// Changes of anything but `metadata`: custom resources without a status subresource.
        case everything
    }

    struct Scale: Hashable, Sendable {
        var specReplicasPath: [String]
        var statusReplicasPath: [String]
        var labelSelectorPath: [String]?
    }

    /// A column that a CustomResourceDefinition asks for.
    struct PrinterColumn: Hashable, Sendable {
        var name: String
        var type: String
        var format: String
        var description: String
        var priority: Int64
        var jsonPath: String
    }

    var resource: ResourceKind
    var singular: String
    var shortNames: [String]
    var categories: [String]
    var hasStatus: Bool
    var generation: Generation
    var scale: Scale?
    /// Paths that field selectors may name beside `metadata.name` and `metadata.namespace`, with the value of absence.
    var selectableFields: [String: String]
    var isCustom = false
    var printerColumns: [PrinterColumn] = []
    /// The only verb is create, and nothing is kept.
    var isReview = false

    init(
        _ resource: ResourceKind, singular: String? = nil, shortNames: [String] = [], categories: [String] = [],
        hasStatus: Bool = false, generation: Generation = .none, selectableFields: [String: String] = [:]
    ) {
        self.resource = resource
        self.singular = singular ?? resource.kind.lowercased()
        self.shortNames = shortNames
        self.categories = categories
        self.hasStatus = hasStatus
        self.generation = generation
        self.selectableFields = selectableFields
    }

    var storageKey: StorageKey { StorageKey(group: resource.group, plural: resource.plural) }
    var listKind: String { resource.kind + "List" }

    var verbs: [String] {
        isReview
            ? ["create"]
            : ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    }
}

/// Where the objects of a kind are kept, whatever the version that a client speaks.
struct StorageKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    var group: String
    var plural: String

    var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    static func < (a: StorageKey, b: StorageKey) -> Bool { (a.group, a.plural) < (b.group, b.plural) }
}
