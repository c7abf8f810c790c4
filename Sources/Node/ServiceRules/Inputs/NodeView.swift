import KubernetesModel
package import NetTypes

/// What the rules need to know of a node.
package struct NodeView: Hashable, Sendable {
    package var internalAddresses: [IPAddress] = []
    package var zone: String?
    package var podRanges: [IPPrefix] = []

    static let zoneLabel = "topology.kubernetes.io/zone"

    package init() {}

    init(_ node: Node) {
        internalAddresses = (node.status?.addresses ?? []).filter { $0.type == "InternalIP" }.compactMap {
            IPAddress($0.address)
        }
        zone = node.metadata.labels?[NodeView.zoneLabel]
        let ranges = node.spec?.podCIDRs ?? node.spec?.podCIDR.map { [$0] } ?? []
        podRanges = ranges.compactMap { IPPrefix($0) }
    }

    /// One for each family, the first that the node lists: what kube-proxy calls the primary addresses.
    var primaryAddresses: [IPAddress] {
        [IPAddress.Family.v4, .v6].compactMap { family in internalAddresses.first { $0.family == family } }
    }
}

extension [IPPrefix] {
    /// Sorted, each once, and none that lies within another: an interval set takes no overlaps.
    var withoutOverlaps: [IPPrefix] {
        var kept: [IPPrefix] = []
        for prefix in sorted(by: { ($0.address, $0.length) < ($1.address, $1.length) })
        where kept.last?.contains(prefix) != true {
            kept.append(prefix)
        }
        return kept
    }
}
