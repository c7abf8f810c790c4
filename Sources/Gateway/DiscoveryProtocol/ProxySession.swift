/// One proxy's stream of delta discovery: what it asked for, what it holds, what it shall be told next.
///
/// A pure value. Inputs are `received` (a request came), `changed` (the served set did) and `next` (what can be sent
/// now?). Rules of the order, all of them per proxy:
///
/// - One response per type is in flight; what changes meanwhile is merged into the next one.
/// - A route part or a listener that refers to a cluster waits until the proxy has acknowledged the cluster and its
///   endpoints; until then a route table goes out with the form of the part that the proxy has. A table that the proxy
///   lacks waits for the parts that are cold when it is first asked for.
/// - A cluster goes when nothing that the proxy acknowledged refers to it, and a grace period has passed.
/// - Whenever a cluster is sent, its endpoints are sent after it: Envoy warms a changed cluster anew and does not ask
///   again for endpoints that it watches.
///
/// The protocol: https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
package struct ProxySession: Sendable {
    package struct Limits: Sendable {
        /// How long an unreferenced cluster stays, for requests that still run through it.
        package var removalGrace: Duration = .seconds(5)
        /// Server names that a proxy may have answered by a wildcard or the default certificate.
        package var coveredNames = 4096

        package init() {}
    }

    package private(set) var node: NodeIdentity?
    package let limits: Limits
    var channels: [ResourceType: Channel] = [:]
    /// How often each resource is referred to by what the proxy holds, or may still hold.
    var references: [ResourceName: Int] = [:]
    var cold: [String: ColdCluster] = [:]
    /// Clusters by the endpoints or secrets that they wait for.
    var clustersAwaiting: [ResourceName: Set<String>] = [:]
    var sequence: UInt64 = 0

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// A cluster that is new to the proxy and not yet able to take requests.
    struct ColdCluster: Sendable {
        var sequence: UInt64
        var isAcknowledged: Bool
        var awaited: Set<ResourceName>
        var since: Generation
    }

    /// What a request told.
    package struct OnRequest: Sendable {
        /// Forms that the proxy acknowledged.
        package var accepted: [(piece: ResourcePiece, hash: ContentHash)] = []
        /// Forms that are proved to be refused.
        package var refused: [(piece: ResourcePiece, hash: ContentHash, message: String)] = []
        /// Set when the request answered the response in flight.
        package var answer: Answer?

        package enum Answer: Hashable, Sendable {
            case acknowledged
            case refused(String)
        }
    }

    package mutating func received(
        _ request: DeltaRequest, serving served: ServedSet, at generation: Generation
    ) -> OnRequest {
        if node == nil { node = request.node }
        var result = OnRequest()
        let isFirst = channels[request.type]?.subscription.hasStarted != true
        if !request.nonce.isEmpty { answered(request, serving: served, &result) }
        subscribe(request, isFirst: isFirst, serving: served, at: generation)
        return result
    }

    /// Notes what became different in the served set.
    package mutating func changed(_ dirty: DirtyPieces, serving served: ServedSet, at generation: Generation) {
        for (resource, pieces) in dirty.byResource {
            guard resource.type != .secret else {
                certificateChanged(resource, at: generation)
                continue
            }
            guard let channel = channels[resource.type] else { continue }
            if channel.subscription.wants(resource.name) || channel.held[resource.name] != nil {
                channels[resource.type]?.mark(resource.name, pieces, since: generation)
            }
        }
    }

    private mutating func certificateChanged(_ secret: ResourceName, at generation: Generation) {
        guard let channel = channels[.secret] else { return }
        for name in channel.subscription.names where SecretCover.candidates(for: name).contains(secret.name) {
            channels[.secret]?.mark(name, [nil], since: generation)
        }
    }

    /// What a name stands for in the served set.
    func resolve(_ type: ResourceType, _ name: String, in served: ServedSet) -> ResourceName? {
        guard type == .secret else {
            let resource = ResourceName(type, name)
            return served.resources[resource] == nil ? nil : resource
        }
        return SecretCover.candidates(for: name).lazy.map { ResourceName(.secret, $0) }
            .first { served.resources[$0] != nil }
    }

    mutating func retain(_ names: Set<ResourceName>) {
        for name in names { references[name, default: 0] += 1 }
    }

    mutating func release(_ names: Set<ResourceName>) {
        for name in names {
            let count = (references[name] ?? 0) - 1
            references[name] = count > 0 ? count : nil
        }
    }
}
