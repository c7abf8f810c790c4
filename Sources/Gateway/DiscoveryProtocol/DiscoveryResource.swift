package import TrafficPlan

/// The kinds of resource on the aggregated stream, in the order in which they must be made.
package enum ResourceType: String, CaseIterable, Hashable, Sendable {
    case cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    case clusterLoadAssignment = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
    case secret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
    case listener = "type.googleapis.com/envoy.config.listener.v3.Listener"
    case routeConfiguration = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
}

/// By place among the cases. Enums with raw values are else compared and hashed by these, and these are long texts.
extension ResourceType: Comparable {
    private var place: Int {
        switch self {
        case .cluster: 0
        case .clusterLoadAssignment: 1
        case .secret: 2
        case .listener: 3
        case .routeConfiguration: 4
        }
    }

    package static func == (left: ResourceType, right: ResourceType) -> Bool { left.place == right.place }
    package static func < (left: ResourceType, right: ResourceType) -> Bool { left.place < right.place }
    package func hash(into hasher: inout Hasher) { hasher.combine(place) }
}

package struct ResourceName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var type: ResourceType
    package var name: String

    package init(_ type: ResourceType, _ name: String) {
        self.type = type
        self.name = name
    }

    package var description: String { "\(type) \(name)" }

    package static func < (left: ResourceName, right: ResourceName) -> Bool {
        left.type == right.type ? left.name < right.name : left.type < right.type
    }
}

/// One xDS resource, serialised once and shared by every proxy.
///
/// A resource's bytes are its `head` followed by the bytes of its parts, sorted by key: protobuf lets the fields of a
/// message be joined by joining their bytes. So a route table of 3,000 virtual hosts is 3,000 ready pieces, a change
/// serialises and carries one piece, and a NACK can be narrowed to one piece.
package struct DiscoveryResource: Sendable, Hashable {
    package var name: ResourceName
    /// The serialised fields that belong to no part. For a secret it leaves out `name`, which is written when it is
    /// sent, because one secret answers under every server name that it covers.
    package var head: [UInt8]
    /// The resources that `head` cannot work without.
    package var references: Set<ResourceName>
    package var origins: [Origin]

    package init(name: ResourceName, head: [UInt8], references: Set<ResourceName> = [], origins: [Origin]) {
        self.name = name
        self.head = head
        self.references = references
        self.origins = origins
    }
}

/// A piece of a resource that can be set aside without the rest: a virtual host of a route table.
package struct ResourcePart: Sendable, Hashable {
    /// The serialised field, tag and length included.
    package var bytes: [UInt8]
    package var references: Set<ResourceName>
    package var origins: [Origin]

    package init(bytes: [UInt8], references: Set<ResourceName> = [], origins: [Origin]) {
        self.bytes = bytes
        self.references = references
        self.origins = origins
    }
}

/// What changed in the wanted set of resources.
package struct ResourceChange: Sendable, Hashable {
    package var upserts: [DiscoveryResource] = []
    /// By resource, then by part key; `nil` removes the part. The resource itself is in the wanted set already, or
    /// among `upserts`, whose entry replaces the head and leaves the parts.
    package var parts: [ResourceName: [String: ResourcePart?]] = [:]
    /// Takes the resource's parts with it.
    package var removals: [ResourceName] = []

    package init(
        upserts: [DiscoveryResource] = [], parts: [ResourceName: [String: ResourcePart?]] = [:],
        removals: [ResourceName] = []
    ) {
        self.upserts = upserts
        self.parts = parts
        self.removals = removals
    }

    package var isEmpty: Bool { upserts.isEmpty && parts.isEmpty && removals.isEmpty }
}
