package import KubernetesModel

/// The kinds that every API server has, as far as this one knows their fields.
package enum BuiltInSchema {
    private static let text: SchemaText = {
        var text = SchemaText()
        text.read(metaSchema)
        text.read(coreSchema)
        text.read(networkingSchema)
        text.read(workloadSchema)
        text.read(otherSchema)
        return text
    }()

    static var structures: [String: Structure] { text.structures }

    /// The schema of a built-in kind; `nil` for any other.
    static func node(apiVersion: String, kind: String) -> SchemaNode? {
        text.kinds["\(apiVersion) \(kind)"].map { .named($0, isAtomic: false) }
    }

    /// The same for an object that says what it is.
    static func node(of object: JSONValue) -> SchemaNode? {
        guard let apiVersion = object["apiVersion"]?.string, let kind = object["kind"]?.string else { return nil }
        return node(apiVersion: apiVersion, kind: kind)
    }

    static func node(_ resource: ResourceKind) -> SchemaNode? {
        node(apiVersion: resource.apiVersion, kind: resource.kind)
    }

    /// Whether the kind is one of those described here.
    package static func knows(_ resource: ResourceKind) -> Bool { node(resource) != nil }

    /// `apiVersion kind` of all kinds described here.
    static var kinds: [String] { text.kinds.keys.sorted() }
}
