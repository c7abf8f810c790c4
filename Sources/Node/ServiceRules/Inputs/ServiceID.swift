/// A Service by namespace and name.
package struct ServiceID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var namespace: String
    package var name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (a: ServiceID, b: ServiceID) -> Bool {
        (a.namespace, a.name) < (b.namespace, b.name)
    }

    package var description: String { "\(namespace)/\(name)" }
}

/// What is wrong with one field of one object. The rest of the object, and every other object, is programmed all the same.
package struct ServiceProblem: Hashable, Sendable, CustomStringConvertible {
    package var service: ServiceID
    /// As in the manifest, such as `spec.externalIPs[1]`.
    package var field: String
    /// What is wrong, and what follows from it.
    package var message: String

    package init(service: ServiceID, field: String, message: String) {
        self.service = service
        self.field = field
        self.message = message
    }

    package var description: String { "Service \(service): \(field): \(message)" }
}
