/// A kind of object as the API server names it.
package struct ResourceKind: Hashable, Sendable {
    /// Empty for the core group.
    package var group: String
    package var version: String
    package var kind: String
    /// As it stands in the URL: `ingresses`.
    package var plural: String
    package var isNamespaced: Bool

    package init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool = true) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// `v1` or `networking.k8s.io/v1`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}

extension ResourceKind: CustomStringConvertible {
    package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

/// An object's name, and its namespace unless its kind has none.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var namespace: String
    package var name: String

    package init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    package static func < (a: ObjectName, b: ObjectName) -> Bool {
        (a.namespace, a.name) < (b.namespace, b.name)
    }
}

/// An object of a kind that we know by its fields.
package protocol KubernetesObject: Codable, Hashable, Sendable {
    static var resource: ResourceKind { get }
    var metadata: ObjectMeta { get set }
}

extension KubernetesObject {
    package var objectName: ObjectName {
        ObjectName(namespace: metadata.namespace ?? "", name: metadata.name)
    }
}
