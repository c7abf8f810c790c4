/// `v1` Node: its addresses, zone labels and readiness.
package struct Node: KubernetesObject {
    package static let resource = ResourceKind(
        group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)
    /// The label that names a node's zone.
    package static let zoneLabel = "topology.kubernetes.io/zone"

    package var metadata: ObjectMeta
    package var status: Status?

    package init(metadata: ObjectMeta, status: Status? = nil) {
        self.metadata = metadata
        self.status = status
    }

    package struct Status: Codable, Hashable, Sendable {
        package var addresses: [Address]?
        package var conditions: [Pod.PodCondition]?

        package init(addresses: [Address]? = nil, conditions: [Pod.PodCondition]? = nil) {
            self.addresses = addresses
            self.conditions = conditions
        }
    }

    package struct Address: Codable, Hashable, Sendable {
        /// `InternalIP`, `ExternalIP` or `Hostname`.
        package var type: String
        package var address: String

        package init(type: String, address: String) {
            self.type = type
            self.address = address
        }
    }
}
