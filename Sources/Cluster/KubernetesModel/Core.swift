/// `v1` ConfigMap. Binary values stay base64 texts.
package struct ConfigMap: KubernetesObject {
    package static let resource = ResourceKind(group: "", version: "v1", kind: "ConfigMap", plural: "configmaps")

    package var metadata: ObjectMeta
    package var data: [String: String]?
    package var binaryData: [String: String]?

    package init(metadata: ObjectMeta, data: [String: String]? = nil, binaryData: [String: String]? = nil) {
        self.metadata = metadata
        self.data = data
        self.binaryData = binaryData
    }
}

/// `v1` Namespace.
package struct Namespace: KubernetesObject {
    package static let resource = ResourceKind(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)

    package var metadata: ObjectMeta
    package var status: Status?

    package init(metadata: ObjectMeta, status: Status? = nil) {
        self.metadata = metadata
        self.status = status
    }

    package struct Status: Codable, Hashable, Sendable {
        /// `Active` or `Terminating`.
        package var phase: String?

        package init(phase: String? = nil) { self.phase = phase }
    }
}
