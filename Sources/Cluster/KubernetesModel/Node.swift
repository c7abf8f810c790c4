/// `v1` Node: what the packet's road needs.
package struct Node: KubernetesObject {
    package static let resource = ResourceKind(
        group: "", version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

    package var metadata: ObjectMeta
    package var spec: Spec?
    package var status: Status?

    package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var podCIDR: String?
        /// One for each family; the first is `podCIDR`.
        package var podCIDRs: [String]?
        package var unschedulable: Bool?

        package init(podCIDR: String? = nil, podCIDRs: [String]? = nil, unschedulable: Bool? = nil) {
            self.podCIDR = podCIDR
            self.podCIDRs = podCIDRs
            self.unschedulable = unschedulable
        }
    }

    package struct Status: Codable, Hashable, Sendable {
        package var addresses: [Address]?
        package var conditions: [NodeCondition]?

        package init(addresses: [Address]? = nil, conditions: [NodeCondition]? = nil) {
            self.addresses = addresses
            self.conditions = conditions
        }
    }

    package struct Address: Codable, Hashable, Sendable {
        /// `InternalIP`, `ExternalIP`, `Hostname`, `InternalDNS` or `ExternalDNS`.
        package var type: String
        package var address: String

        package init(type: String, address: String) {
            self.type = type
            self.address = address
        }
    }

    /// Older than `metav1.Condition`: it has a heartbeat and no generation.
    package struct NodeCondition: Codable, Hashable, Sendable {
        package var type: String
        package var status: String
        package var lastHeartbeatTime: Timestamp?
        package var lastTransitionTime: Timestamp?
        package var reason: String?
        package var message: String?

        package init(
            type: String, status: String, lastHeartbeatTime: Timestamp? = nil, lastTransitionTime: Timestamp? = nil,
            reason: String? = nil, message: String? = nil
        ) {
            self.type = type
            self.status = status
            self.lastHeartbeatTime = lastHeartbeatTime
            self.lastTransitionTime = lastTransitionTime
            self.reason = reason
            self.message = message
        }
    }
}
