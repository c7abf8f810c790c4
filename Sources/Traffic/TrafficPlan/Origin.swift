/// The object, and the field of it, that a value of the plan comes from.
///
/// Every error, NACK, metric and explanation names its cause through this.
package struct Origin: Hashable, Sendable, Codable {
    /// As in `Ingress`.
    package var kind: String
    /// Empty for a cluster-scoped object.
    package var namespace: String
    package var name: String
    /// A path as kubectl would print it, such as `spec.rules[0].http.paths[1]`; empty for the whole object.
    package var field: String

    package init(kind: String, namespace: String, name: String, field: String = "") {
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.field = field
    }

    /// What Fairway itself brings, such as the generated default certificate.
    package static let builtIn = Origin(kind: "Fairway", namespace: "", name: "built-in")
}

extension Origin: CustomStringConvertible {
    package var description: String {
        let object = namespace.isEmpty ? "\(kind) \(name)" : "\(kind) \(namespace)/\(name)"
        return field.isEmpty ? object : "\(object) \(field)"
    }
}
