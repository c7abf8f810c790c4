import Foundation
import KubernetesModel

/// JSON written out in a test.
func json(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
}

extension JSONValue {
    /// Sorted and compact, for comparing by eye.
    var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "not JSON"
    }
}

enum Kinds {
    static let service = Service.resource
    static let ingress = Ingress.resource
    static let secret = Secret.resource
    static let slice = EndpointSlice.resource
    static let pod = ResourceKind(group: "", version: "v1", kind: "Pod", plural: "pods")
    static let configMap = ResourceKind(group: "", version: "v1", kind: "ConfigMap", plural: "configmaps")
    static let namespace = ResourceKind(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)
    static let event = ResourceKind(group: "", version: "v1", kind: "Event", plural: "events")
    static let node = ResourceKind(group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)
    static let ingressClass = ResourceKind(
        group: "networking.k8s.io", version: "v1", kind: "IngressClass", plural: "ingressclasses",
        isNamespaced: false)
    static let lease = ResourceKind(group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases")
    static let deployment = ResourceKind(group: "apps", version: "v1", kind: "Deployment", plural: "deployments")
    static let definition = ResourceKind(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", isNamespaced: false)
    static let custom = ResourceKind(group: "example.com", version: "v1", kind: "Widget", plural: "widgets")

    static let all = [
        service, ingress, secret, slice, pod, configMap, namespace, event, node, ingressClass, lease, deployment,
        definition, custom,
    ]
}
