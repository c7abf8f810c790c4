import KubernetesModel
import TrafficPlan

/// One virtual host, compiled from all that claim it.
struct HostUnit: Hashable, Sendable {
    /// What one Ingress gets of this host.
    struct Share: Hashable, Sendable {
        var routes = 0
        var diagnostics: [Diagnostic] = []
        var backends: Set<BackendName> = []
    }

    var virtualHost: VirtualHost
    var shares: [ObjectName: Share]
    /// Of all routes, the default route among them.
    var backends: Set<BackendName>
    /// Of each route: what policies for it can be attached to.
    var lineages: [PolicyLineage] = []
    /// The parts of them that policies with limits are attached to.
    var limitedWays: Set<PolicyLineage> = []
}

/// Merges what several Ingresses ask for on one host.
struct HostCompiler {
    private struct Candidate {
        var claim: PathClaim
        var owner: IngressClaims
    }

    private let hostname: Hostname
    private let services: [ObjectName: ServiceUnit]
    private var unit: HostUnit

    /// - Parameters:
    ///   - claims: of the Ingresses that claim the host, the oldest first.
    ///   - services: every Service that they name and that exists.
    ///   - defaultRoute: what stands at the end of every host.
    static func compile(
        _ hostname: Hostname, claims: [IngressClaims], services: [ObjectName: ServiceUnit], defaultRoute: DefaultRoute?,
        httpsPort: UInt16
    ) -> HostUnit {
        var compiler = HostCompiler(hostname: hostname, services: services, httpsPort: httpsPort)
        compiler.compile(claims, defaultRoute: defaultRoute)
        return compiler.unit
    }

    private init(hostname: Hostname, services: [ObjectName: ServiceUnit], httpsPort: UInt16) {
        self.hostname = hostname
        self.services = services
        unit = HostUnit(
            virtualHost: VirtualHost(hostname: hostname, routes: [], httpsPort: httpsPort), shares: [:], backends: [])
    }

    private mutating func compile(_ claims: [IngressClaims], defaultRoute: DefaultRoute?) {
        decideRedirect(claims)
        let candidates = winners(of: claims)
        for candidate in candidates where !candidate.claim.isLastResort { append(candidate) }
        appendFallback(of: claims)
        if let defaultRoute, !matchesEverything {
            unit.virtualHost.routes.append(defaultRoute.route)
            unit.lineages.append(defaultRoute.lineage)
            if let backend = defaultRoute.backend { unit.backends.insert(backend) }
        }
        for candidate in candidates where candidate.claim.isLastResort && !matchesEverything { append(candidate) }
    }

    private var matchesEverything: Bool {
        unit.virtualHost.routes.contains { $0.match.path == .prefix("/") }
    }

    private mutating func tell(
        _ owner: IngressClaims, _ reason: Diagnostic.Reason, at origin: Origin, _ message: String
    ) {
        unit.shares[owner.name, default: .init()].diagnostics.append(Diagnostic(.warning, reason, at: origin, message))
    }

    private mutating func decideRedirect(_ claims: [IngressClaims]) {
        var decider: IngressClaims?
        for claim in claims {
            guard let wish = claim.hosts[hostname]?.requiresTLS else { continue }
            if let decider {
                guard wish != unit.virtualHost.requiresTLS else { continue }
                tell(
                    claim, .redirectConflict, at: claim.origin.at(Annotations.field(Annotations.httpsRedirect)),
                    "on host \(hostname) the older Ingress \(decider.name) says \(unit.virtualHost.requiresTLS)")
            } else {
                decider = claim
                unit.virtualHost.requiresTLS = wish
            }
        }
    }

    /// The claims that hold, in the order in which routes are tried.
    private mutating func winners(of claims: [IngressClaims]) -> [Candidate] {
        var holders: [RouteMatch.Path: ObjectName] = [:]
        var candidates: [Candidate] = []
        for owner in claims {
            for path in owner.hosts[hostname]?.paths ?? [] {
                guard !path.isLastResort else {
                    candidates.append(Candidate(claim: path, owner: owner))
                    continue
                }
                guard let holder = holders[path.match] else {
                    holders[path.match] = owner.name
                    candidates.append(Candidate(claim: path, owner: owner))
                    continue
                }
                let what = "\(path.match) on host \(hostname)"
                if holder == owner.name {
                    tell(
                        owner, .duplicatePath, at: path.backend.origin, "\(what) stands twice; the first one is served")
                } else {
                    tell(
                        owner, .pathConflict, at: path.backend.origin,
                        "\(what) already belongs to the older Ingress \(holder), which is served")
                }
            }
        }
        return candidates.enumerated().sorted { a, b in
            let (x, y) = (a.element.claim.match.precedence, b.element.claim.match.precedence)
            return x == y ? a.offset < b.offset : x < y
        }.map(\.element)
    }

    private mutating func append(_ candidate: Candidate) {
        let (claim, owner) = (candidate.claim.backend, candidate.owner)
        let resolution = BackendResolution(claim, services: services)
        let route = Route(
            match: RouteMatch(path: candidate.claim.match), action: action(of: resolution, for: owner.name),
            timeouts: claim.timeouts, origin: claim.origin)
        unit.virtualHost.routes.append(route)
        unit.lineages.append(owner.lineage(of: claim, port: resolution.portName))
        unit.shares[owner.name, default: .init()].routes += 1
    }

    /// The oldest `defaultBackend` of the Ingresses with rules for this host.
    private mutating func appendFallback(of claims: [IngressClaims]) {
        var holder: (owner: ObjectName, target: BackendClaim.Target)?
        for claim in claims {
            guard let fallback = claim.hosts[hostname]?.fallback else { continue }
            if let holder {
                guard fallback.target != holder.target else { continue }
                tell(
                    claim, .defaultBackendConflict, at: fallback.origin,
                    "on host \(hostname) the defaultBackend of the older Ingress \(holder.owner) is served")
                continue
            }
            holder = (claim.name, fallback.target)
            guard !matchesEverything else { continue }
            append(Candidate(claim: PathClaim(match: .prefix("/"), backend: fallback), owner: claim))
        }
    }

    private mutating func action(of resolution: BackendResolution, for owner: ObjectName) -> RouteAction {
        var share = unit.shares[owner] ?? .init()
        if let diagnostic = resolution.diagnostic { share.diagnostics.append(diagnostic) }
        if let backend = resolution.backend {
            share.backends.insert(backend)
            unit.backends.insert(backend)
        }
        unit.shares[owner] = share
        return resolution.action
    }
}

/// The route at the end of every host.
struct DefaultRoute: Hashable, Sendable {
    var owner: ObjectName
    var route: Route
    var lineage: PolicyLineage
    var backend: BackendName?
    var diagnostic: Diagnostic?
}

/// What a named backend comes to: a forward, or an error answer for the path that names it.
struct BackendResolution: Hashable, Sendable {
    var action: RouteAction
    var backend: BackendName?
    /// Of the Service's port, if it has one.
    var portName: String?
    var diagnostic: Diagnostic?

    init(_ claim: BackendClaim, services: [ObjectName: ServiceUnit]) {
        switch claim.target {
        case .refused(let status, let body):
            action = .respond(status: status, body: body)
        case .service(let name, let reference):
            guard let service = services[name] else {
                action = .respond(status: 503, body: "no such service\n")
                diagnostic = Diagnostic(
                    .error, .serviceNotFound, at: claim.origin,
                    "there is no Service \(name); requests are answered with 503")
                return
            }
            guard let port = service.port(reference) else {
                action = .respond(status: 503, body: "no such service port\n")
                diagnostic = Diagnostic(
                    .error, .servicePortNotFound, at: claim.origin,
                    "Service \(name) has no TCP port \(reference); it has \(Self.list(service.ports)). Requests are "
                        + "answered with 503")
                return
            }
            portName = port.name
            switch port.backend {
            case .success(let found):
                action = .forward(to: [WeightedBackend(found.name)])
                backend = found.name
            case .failure(let refusal):
                action = .respond(status: refusal.status, body: refusal.body)
                diagnostic = refusal.diagnostic
            }
        }
    }

    private static func list(_ ports: [ServiceUnit.Port]) -> String {
        guard !ports.isEmpty else { return "none" }
        let names = ports.prefix(5).map { $0.name.isEmpty ? "\($0.number)" : "\($0.number) (\"\($0.name)\")" }
        return names.joined(separator: ", ") + (ports.count > 5 ? ", …" : "")
    }
}

extension RouteMatch.Path {
    /// Exact paths first; then the longer path; of equal length, expressions before prefixes. Length is in bytes, and
    /// for an expression that of its text.
    fileprivate var precedence: Precedence {
        switch self {
        case .exact(let path): Precedence(group: 0, length: path.utf8.count, kind: 0)
        case .regex(let text): Precedence(group: 1, length: text.utf8.count, kind: 0)
        case .prefix(let path): Precedence(group: 1, length: path.utf8.count, kind: 1)
        }
    }

    fileprivate struct Precedence: Comparable {
        var group: Int
        var length: Int
        var kind: Int

        static func < (a: Precedence, b: Precedence) -> Bool {
            (a.group, b.length, a.kind) < (b.group, a.length, b.kind)
        }
    }
}
