extension GatewayPlan {
    /// The plan's reference semantics: what a data plane that follows this plan does with `request`.
    ///
    /// The narrowest virtual host that the plan has for the host answers, and no other: exact name, then the wildcard
    /// for its one left-most label, then any host. Of its routes, the first that matches decides.
    package func decide(_ request: Request) -> Decision {
        let host = Hostname.normalize(hostHeader: request.host)
        var decision = Decision(
            request: request, listener: listeners[request.listener], host: host, outcome: .notFound(""))
        guard let listener = decision.listener else {
            decision.outcome = .notFound("no listener \(request.listener)")
            return decision
        }
        let target: PathNormalization.Target
        do throws(PathNormalization.Failure) {
            target = try PathNormalization.normalize(request.target)
        } catch {
            decision.outcome = .badRequest(Self.words(for: error))
            return decision
        }
        decision.path = target.path
        (decision.hosts, decision.virtualHost) = virtualHost(for: host)
        guard let virtualHost = decision.virtualHost else {
            decision.outcome = .notFound("no virtual host for \(host)")
            return decision
        }
        if virtualHost.requiresTLS, listener.transport == .plain {
            let spelt =
                if case .exact(let name) = virtualHost.hostname { name } else { Hostname.bareHost(of: request.host) }
            let location = Self.httpsLocation(spelt, virtualHost.httpsPort, target)
            decision.outcome = .redirect(status: 301, location: location)
            return decision
        }
        decision.routes = Self.candidates(of: virtualHost.routes, for: target.path)
        decision.limits = decision.route.flatMap { limits(of: $0, for: request, target, host: host) }
        decision.outcome =
            decision.route.map(outcome(of:)) ?? .notFound("no route of \(virtualHost.hostname) matches \(target.path)")
        return decision
    }

    private func virtualHost(for host: String) -> ([Decision.HostCandidate], VirtualHost?) {
        var chosen: VirtualHost?
        let candidates = Hostname.candidates(for: host).map { hostname in
            guard let virtualHost = virtualHosts[hostname] else {
                return Decision.HostCandidate(hostname: hostname, verdict: .absent)
            }
            guard chosen == nil else { return Decision.HostCandidate(hostname: hostname, verdict: .shadowed) }
            chosen = virtualHost
            return Decision.HostCandidate(hostname: hostname, verdict: .chosen)
        }
        return (candidates, chosen)
    }

    private static func candidates(of routes: [Route], for path: String) -> [Decision.RouteCandidate] {
        var isChosen = false
        var candidates: [Decision.RouteCandidate] = []
        for route in routes {
            let difference = route.match.path.difference(from: path)
            if let difference {
                if !isChosen { candidates.append(.init(route: route, verdict: .pathDiffers(difference))) }
            } else {
                candidates.append(.init(route: route, verdict: isChosen ? .shadowed : .chosen))
                isChosen = true
            }
        }
        return candidates
    }

    private func outcome(of route: Route) -> Decision.Outcome {
        switch route.action {
        case .respond(let status, let body):
            return .respond(status: status, body: body)
        case .forward(let weighted):
            return .forward(
                weighted.map { choice in
                    Decision.Target(
                        name: choice.backend, weight: choice.weight, backend: backends[choice.backend],
                        endpoints: endpoints[choice.backend] ?? EndpointSet())
                })
        }
    }

    private static func httpsLocation(_ host: String, _ port: UInt16, _ target: PathNormalization.Target) -> String {
        "https://\(host)\(port == 443 ? "" : ":\(port)")\(target.path)\(target.query)"
    }

    private static func words(for failure: PathNormalization.Failure) -> String {
        switch failure {
        case .notAbsolute: "the path does not begin with a slash"
        case .illegalCharacter: "the path has a character that must be escaped"
        case .fragment: "the path has a fragment"
        case .escapedNull: "the path has an escaped NUL"
        }
    }
}

extension RouteMatch.Path {
    /// Why `path` (normalised) does not match, in words; `nil` when it does.
    package func difference(from path: String) -> String? {
        switch self {
        case .exact(let wanted):
            return path == wanted ? nil : "\(path) is not exactly \(wanted)"
        case .prefix("/"):
            return nil
        case .prefix(let prefix):
            guard path.utf8.starts(with: prefix.utf8) else { return "\(path) does not begin with \(prefix)" }
            let rest = path.utf8.dropFirst(prefix.utf8.count)
            guard rest.isEmpty || rest.first == UInt8(ascii: "/") else {
                return "\(path) begins with \(prefix), but within a path element"
            }
            return nil
        case .regex(let expression):
            do throws(PathPattern.Failure) {
                return try PathPattern(expression).matches(path) ? nil : "\(path) does not match the expression"
            } catch {
                return "the expression is invalid: \(error)"
            }
        }
    }
}
