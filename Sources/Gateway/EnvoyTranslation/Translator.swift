package import DiscoveryProtocol
package import TrafficPlan

/// Turns units of a plan into Envoy's resources.
///
/// Equal units give equal bytes, and what a change costs follows the change: one virtual host makes one piece of the
/// route table, a set of endpoints one load assignment and nothing else.
package struct Translator: Sendable {
    /// The one route table that all listeners share.
    package static let routeTableName = "ingress"

    private let settings: TranslationSettings
    /// Shares its storage with the plan it was fed from.
    private var plan = GatewayPlan()
    private var hasRouteTable = false
    private var hasLimiterCluster = false
    private var problemsByUnit: [Unit: [TranslationProblem]] = [:]

    package init(settings: TranslationSettings) { self.settings = settings }

    /// What Envoy would have refused, by text of the unit. A refused unit keeps the last form that was good; a refused
    /// route answers 500.
    package var problems: [TranslationProblem] {
        problemsByUnit.sorted { $0.key < $1.key }.flatMap(\.value)
    }

    /// The resources that differ once `change` is applied, sorted by name.
    package mutating func apply(_ change: PlanChange) -> ResourceChange {
        var result = ResourceChange()
        makeLimiterCluster(in: &result)
        // A set's name is a hash of its content: one that routes name now cannot mean something else than before.
        for (id, set) in change.limitSets where set != nil { plan.limitSets[id] = set }
        translateBackends(change, into: &result)
        translateCertificates(change.certificates, into: &result)
        translateVirtualHosts(change.virtualHosts, into: &result)
        translateListeners(change.listeners, into: &result)
        for (id, set) in change.limitSets where set == nil { plan.limitSets[id] = nil }
        return result
    }

    private mutating func makeLimiterCluster(in result: inout ResourceChange) {
        guard !hasLimiterCluster else { return }
        hasLimiterCluster = true
        result.upserts.append(LimiterCluster.resource(settings.limiter))
    }

    private mutating func translateBackends(_ change: PlanChange, into result: inout ResourceChange) {
        for (name, backend) in change.backends.sorted(by: { $0.key < $1.key }) {
            let hadEndpoints = plan.backends[name]?.discovery == .endpoints
            guard let backend else {
                plan.backends[name] = nil
                record([], for: .backend(name))
                result.removals.append(ResourceName(.cluster, name.description))
                if hadEndpoints { result.removals.append(ResourceName(.clusterLoadAssignment, name.description)) }
                continue
            }
            guard accepts(PlanRules.problems(of: backend), for: .backend(name)) else { continue }
            plan.backends[name] = backend
            result.upserts.append(ClusterTranslation.resource(for: backend, settings: settings))
            if backend.discovery != .endpoints, hadEndpoints {
                result.removals.append(ResourceName(.clusterLoadAssignment, name.description))
            }
        }
        translateEndpoints(change, into: &result)
    }

    /// A load assignment for each backend that takes its endpoints from the plan, empty where the plan has none: without
    /// one its cluster would hold up the proxy's start.
    private mutating func translateEndpoints(_ change: PlanChange, into result: inout ResourceChange) {
        for (name, endpoints) in change.endpoints { plan.endpoints[name] = endpoints }
        for name in Set(change.endpoints.keys).union(change.backends.keys).sorted() {
            guard let backend = plan.backends[name], backend.discovery == .endpoints else { continue }
            let endpoints = plan.endpoints[name] ?? EndpointSet()
            result.upserts.append(
                EndpointTranslation.resource(for: name, endpoints: endpoints, origin: backend.origin))
        }
    }

    private mutating func translateCertificates(
        _ change: [Hostname: Certificate?], into result: inout ResourceChange
    ) {
        for (hostname, certificate) in change.sorted(by: { $0.key < $1.key }) {
            guard let certificate else {
                record([], for: .certificate(hostname))
                plan.certificates[hostname] = nil
                result.removals.append(ResourceName(.secret, hostname.description))
                continue
            }
            let problems = PlanRules.problems(of: hostname, origin: certificate.origin)
            guard accepts(problems, for: .certificate(hostname)) else { continue }
            plan.certificates[hostname] = certificate
            result.upserts.append(SecretTranslation.resource(for: hostname, certificate: certificate))
        }
    }

    private mutating func translateListeners(_ change: [ListenerName: Listener?], into result: inout ResourceChange) {
        for (name, listener) in change.sorted(by: { $0.key.text < $1.key.text }) {
            guard let listener else {
                record([], for: .listener(name))
                plan.listeners[name] = nil
                result.removals.append(ResourceName(.listener, name.text))
                continue
            }
            guard accepts(PlanRules.problems(of: listener), for: .listener(name)) else { continue }
            plan.listeners[name] = listener
            result.upserts.append(ListenerTranslation.resource(for: listener, settings: settings))
            makeRouteTable(in: &result)
        }
    }

    private mutating func makeRouteTable(in result: inout ResourceChange) {
        guard !hasRouteTable else { return }
        hasRouteTable = true
        result.upserts.append(VirtualHostTranslation.table)
    }
}

extension Translator {
    private mutating func translateVirtualHosts(
        _ change: [Hostname: VirtualHost?], into result: inout ResourceChange
    ) {
        guard !change.isEmpty else { return }
        makeRouteTable(in: &result)
        var changed: Set<Hostname> = []
        for (hostname, virtualHost) in change {
            if let virtualHost {
                let origin = virtualHost.routes.first?.origin ?? .builtIn
                guard accepts(PlanRules.problems(of: hostname, origin: origin), for: .virtualHost(hostname)) else {
                    continue
                }
            } else {
                record([], for: .virtualHost(hostname))
            }
            plan.virtualHosts[hostname] = virtualHost
            changed.insert(hostname)
        }
        // The deeper names that Envoy's wildcard takes too must go on as if only the host for any name were there.
        if changed.contains(.any) { changed.formUnion(wildcards) }
        var parts: [String: ResourcePart?] = [:]
        for hostname in changed {
            parts[hostname.description] = .some(part(for: hostname))
        }
        if !parts.isEmpty { result.parts[VirtualHostTranslation.table.name] = parts }
    }

    private mutating func part(for hostname: Hostname) -> ResourcePart? {
        guard let virtualHost = plan.virtualHosts[hostname] else { return nil }
        let fallback = hostname.isWildcard ? plan.virtualHosts[.any] : nil
        let (part, problems) = VirtualHostTranslation.part(
            for: virtualHost, fallback: fallback, limitSets: plan.limitSets)
        record(problems, for: .virtualHost(hostname))
        return part
    }

    private var wildcards: [Hostname] { plan.virtualHosts.keys.filter(\.isWildcard) }

    private mutating func record(_ problems: [TranslationProblem], for unit: Unit) {
        problemsByUnit[unit] = problems.isEmpty ? nil : problems
    }

    private mutating func accepts(_ problems: [TranslationProblem], for unit: Unit) -> Bool {
        record(problems, for: unit)
        return problems.isEmpty
    }
}

extension Translator {
    /// What a problem belongs to, so that the next good form clears it.
    private enum Unit: Hashable, Comparable {
        case listener(ListenerName)
        case virtualHost(Hostname)
        case backend(BackendName)
        case certificate(Hostname)

        private var text: String {
            switch self {
            case .listener(let name): "listener \(name)"
            case .virtualHost(let name): "virtual host \(name)"
            case .backend(let name): "backend \(name)"
            case .certificate(let name): "certificate \(name)"
            }
        }

        static func < (a: Unit, b: Unit) -> Bool { a.text < b.text }
    }
}

extension Hostname {
    var isWildcard: Bool {
        if case .wildcard = self { true } else { false }
    }
}
