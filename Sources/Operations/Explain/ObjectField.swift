package import TrafficPlan

/// Where something comes from, for JSON.
package struct ObjectField: Codable, Hashable, Sendable, CustomStringConvertible {
    package var kind: String
    package var namespace: String?
    package var name: String
    package var field: String?

    package init(_ origin: Origin) {
        kind = origin.kind
        namespace = origin.namespace.isEmpty ? nil : origin.namespace
        name = origin.name
        field = origin.field.isEmpty ? nil : origin.field
    }

    package var description: String {
        Origin(kind: kind, namespace: namespace ?? "", name: name, field: field ?? "").description
    }
}
