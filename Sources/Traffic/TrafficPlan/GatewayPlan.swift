/// What one fleet of proxies shall do, in values that know neither Kubernetes nor Envoy.
///
/// Each dictionary holds one kind of unit. A unit is what is compiled, compared, translated and sent as a whole, so
/// that the cost of a change follows the change.
package struct GatewayPlan: Hashable, Sendable {
    package var listeners: [ListenerName: Listener] = [:]
    /// All listeners of one plan share one table of virtual hosts.
    package var virtualHosts: [Hostname: VirtualHost] = [:]
    package var backends: [BackendName: Backend] = [:]
    /// Apart from `backends`, because endpoints change a thousand times as often and must touch nothing else.
    package var endpoints: [BackendName: EndpointSet] = [:]
    /// By the server name they answer; `.any` is the default certificate.
    package var certificates: [Hostname: Certificate] = [:]
    /// By a hash of their content: routes with the same limits share one.
    package var limitSets: [LimitSetID: LimitSet] = [:]

    package init() {}
}

/// The units that differ between two plans; a `nil` value is a removal.
package struct PlanChange: Hashable, Sendable {
    package var listeners: [ListenerName: Listener?] = [:]
    package var virtualHosts: [Hostname: VirtualHost?] = [:]
    package var backends: [BackendName: Backend?] = [:]
    package var endpoints: [BackendName: EndpointSet?] = [:]
    package var certificates: [Hostname: Certificate?] = [:]
    package var limitSets: [LimitSetID: LimitSet?] = [:]

    package init() {}

    package var isEmpty: Bool {
        listeners.isEmpty && virtualHosts.isEmpty && backends.isEmpty && endpoints.isEmpty && certificates.isEmpty
            && limitSets.isEmpty
    }
}

extension GatewayPlan {
    package mutating func apply(_ change: PlanChange) {
        for (key, value) in change.listeners { listeners[key] = value }
        for (key, value) in change.virtualHosts { virtualHosts[key] = value }
        for (key, value) in change.backends { backends[key] = value }
        for (key, value) in change.endpoints { endpoints[key] = value }
        for (key, value) in change.certificates { certificates[key] = value }
        for (key, value) in change.limitSets { limitSets[key] = value }
    }
}
