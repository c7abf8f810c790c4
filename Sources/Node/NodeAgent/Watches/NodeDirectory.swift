package import KubernetesModel
import KubernetesStore
package import NetTypes

/// The cluster's Nodes as this one sees them.
package struct NodeDirectory: Sendable {
    package let ownName: String
    package private(set) var nodes: [String: Node] = [:]
    /// They are all there are, as far as known.
    package private(set) var isComplete = false

    package init(ownName: String) { self.ownName = ownName }

    package mutating func absorb(_ news: ClusterNews) {
        for change in news.nodes { nodes[change.name.name] = change.new }
        isComplete = isComplete || news.hasAllNodes
    }

    package var own: Node? { nodes[ownName] }

    /// Where this node's pods get their addresses; empty until somebody gives it a range.
    package var ownPodRanges: [IPPrefix] { (own?.podRanges ?? []).compactMap { IPPrefix($0) } }

    /// What keeps this node from having pods, as far as the API knows; `nil` where nothing does.
    package var obstacle: String? {
        guard isComplete else { return "the Node objects have not been listed yet" }
        guard let own else { return "there is no Node object \(ownName); is --node-name right?" }
        let texts = own.podRanges
        if texts.isEmpty {
            return
                "Node \(ownName) has no spec.podCIDRs yet: the cluster's controller manager gives them (--allocate-node-cidrs)"
        }
        if let faulty = texts.first(where: { IPPrefix($0) == nil }) {
            return "Node \(ownName): spec.podCIDRs: \"\(faulty)\" is no range such as 10.244.1.0/24"
        }
        return nil
    }
}
