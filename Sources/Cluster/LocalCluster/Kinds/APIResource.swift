package import KubernetesModel

/// A kind of object as this server serves it: what discovery says about it, and how writes to it behave.
package struct APIResource: Hashable, Sendable {
    /// What `metadata.generation` counts.
    package enum Generation: Hashable, Sendable {
        /// The kind has none (ConfigMap, Secret, Service, …).
        case none
        /// Changes of anything but `metadata` and `status`.
        case specification
        /// Changes of anything but `metadata`: custom resources without a status subresource.
        case everything
    }

    package struct Scale: Hashable, Sendable {
        var specReplicasPath: [String]
        var statusReplicasPath: [String]
        var labelSelectorPath: [String]?
    }

    /// A column that a CustomResourceDefinition asks for.
    package struct PrinterColumn: Hashable, Sendable {
        package var name: String
        package var type: String
        package var format: String
        package var description: String
        package var priority: Int64
        package var jsonPath: String
    }

    package var resource: ResourceKind
    package var singular: String
    package var shortNames: [String]
    package var categories: [String]
    package var hasStatus: Bool
    package var generation: Generation
    package var scale: Scale?
    /// Paths that field selectors may name beside `metadata.name` and `metadata.namespace`, with the value of absence.
    package var selectableFields: [String: String]
    package var isCustom = false
    package var printerColumns: [PrinterColumn] = []
    /// The only verb is create, and nothing is kept.
    package var isReview = false

    package init(
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
