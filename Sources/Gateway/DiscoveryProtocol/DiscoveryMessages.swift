/// Who a proxy says it is, in its first request on a stream.
package struct NodeIdentity: Hashable, Sendable {
    package var id: String
    package var cluster: String
    /// Such as `1.40.0`; empty when the proxy does not say.
    package var version: String

    package init(id: String, cluster: String = "", version: String = "") {
        self.id = id
        self.cluster = cluster
        self.version = version
    }
}

/// A `DeltaDiscoveryRequest` in our own values.
package struct DeltaRequest: Hashable, Sendable {
    package var type: ResourceType
    /// Only the first request on a stream needs it.
    package var node: NodeIdentity?
    package var subscribe: [String]
    package var unsubscribe: [String]
    /// What the proxy holds already, by name; on the first request of a type on a stream.
    package var initialVersions: [String: String]
    /// Empty unless this answers a response.
    package var nonce: String
    /// Envoy's words, when it refused the response that `nonce` names.
    package var refusal: String?

    package init(
        _ type: ResourceType, node: NodeIdentity? = nil, subscribe: [String] = [], unsubscribe: [String] = [],
        initialVersions: [String: String] = [:], nonce: String = "", refusal: String? = nil
    ) {
        self.type = type
        self.node = node
        self.subscribe = subscribe
        self.unsubscribe = unsubscribe
        self.initialVersions = initialVersions
        self.nonce = nonce
        self.refusal = refusal
    }
}

/// A `DeltaDiscoveryResponse` in our own values.
package struct DeltaResponse: Hashable, Sendable {
    package struct Resource: Hashable, Sendable {
        package var name: String
        package var version: String
        package var bytes: [UInt8]
    }

    package var type: ResourceType
    package var nonce: String
    package var resources: [Resource]
    package var removed: [String]
    /// The newest change that the response may carry a part of.
    package var generation: Generation
}

/// Counts published changes; greater is newer.
package struct Generation: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }

    package static let none = Generation(0)

    package var next: Generation { Generation(number + 1) }
    package var previous: Generation { Generation(number == 0 ? 0 : number - 1) }
    package var description: String { String(number) }

    package static func < (left: Generation, right: Generation) -> Bool { left.number < right.number }
}
