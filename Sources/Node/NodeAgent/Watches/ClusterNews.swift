package import KubernetesModel
package import KubernetesStore

/// What the API told since the last time, merged.
package struct ClusterNews: Sendable {
    package var nodes: [ObjectChange<Node>] = []
    package var services: [ObjectChange<Service>] = []
    package var slices: [ObjectChange<EndpointSlice>] = []
    /// The Nodes that were told so far are all there are, as far as known.
    package var hasAllNodes = false
    /// The same of Nodes, Services and EndpointSlices. Before, rules made of them would be those of half a cluster.
    package var isComplete = false
    /// Objects that cannot be read; their last readable form stays in force.
    package var unreadable: [Unreadable] = []

    package struct Unreadable: Hashable, Sendable {
        package var kind: String
        package var name: ObjectName?
        package var reason: String
    }

    var isEmpty: Bool { nodes.isEmpty && services.isEmpty && slices.isEmpty && unreadable.isEmpty }
}

/// The reflectors' news on their way to the one task that acts on them. Pure.
struct PendingNews: Sendable {
    private enum Kind: Hashable { case nodes, services, slices }

    private var news = ClusterNews()
    private var synced: Set<Kind> = []
    private var connected: Set<Kind> = [.nodes, .services, .slices]
    private var isNewlySynced = false
    private var hasTold = false

    /// Every kind's last list or watch succeeded.
    var isConnected: Bool { connected.count == 3 }
    var isComplete: Bool { synced.count == 3 }

    mutating func told(_ output: ReflectorOutput<Node>) { absorb(output, .nodes, \.nodes) }
    mutating func told(_ output: ReflectorOutput<Service>) { absorb(output, .services, \.services) }
    mutating func told(_ output: ReflectorOutput<EndpointSlice>) { absorb(output, .slices, \.slices) }

    private mutating func absorb<O: KubernetesObject>(
        _ output: ReflectorOutput<O>, _ kind: Kind, _ list: WritableKeyPath<ClusterNews, [ObjectChange<O>]>
    ) {
        switch output {
        case .synced(let changes):
            news[keyPath: list] += changes
            if synced.insert(kind).inserted { isNewlySynced = true }
        case .changed(let changes): news[keyPath: list] += changes
        case .invalid(let name, let reason):
            news.unreadable.append(.init(kind: O.resource.kind, name: name, reason: reason))
        case .disconnected: connected.remove(kind)
        case .connected: connected.insert(kind)
        }
    }

    /// All of it, once; `nil` where there is nothing to act on. Services and slices are held back until every kind has
    /// been listed.
    mutating func take() -> ClusterNews? {
        var taken = ClusterNews()
        taken.hasAllNodes = synced.contains(.nodes)
        taken.isComplete = isComplete
        swap(&taken.nodes, &news.nodes)
        swap(&taken.unreadable, &news.unreadable)
        if isComplete {
            swap(&taken.services, &news.services)
            swap(&taken.slices, &news.slices)
            // What is listed happened at any time before: it tells nothing about how late we are.
            if !hasTold { taken.slices = taken.slices.map(\.withoutTriggerTime) }
            hasTold = true
        }
        defer { isNewlySynced = false }
        return taken.isEmpty && !isNewlySynced ? nil : taken
    }
}

extension ObjectChange<EndpointSlice> {
    fileprivate var withoutTriggerTime: ObjectChange<EndpointSlice> {
        var change = self
        change.new?.metadata.annotations = nil
        return change
    }
}
