package import KubernetesModel
package import NetTypes

/// One thing that happened to what the rules are made from. A `nil` object was deleted.
package enum ClusterChange: Sendable {
    case service(ServiceID, Service?)
    case slice(namespace: String, name: String, EndpointSlice?)
    case node(name: String, Node?)
    /// The ranges that ClusterIPs are given from (ServiceCIDR objects): whatever in them is no Service's is refused.
    case serviceRanges([IPPrefix])
    /// This node's own addresses that answer NodePorts; until told, the node's `InternalIP`s.
    case nodePortAddresses([IPAddress]?)
}
