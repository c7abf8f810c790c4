import NetTypes
package import TrafficPlan

/// A request's way through the plan: what `fairway explain` prints.
package struct RequestExplanation: Codable, Hashable, Sendable {
    package struct Listener: Codable, Hashable, Sendable {
        package var name: String
        package var address: String
        package var isTLS: Bool
        package var from: ObjectField
    }

    /// The certificate that a client asking for the host by SNI is shown.
    package struct Certificate: Codable, Hashable, Sendable {
        package var name: String
        package var from: ObjectField
    }

    package struct Host: Codable, Hashable, Sendable {
        package var name: String
        package var isChosen: Bool
        package var reason: String
    }

    package struct Route: Codable, Hashable, Sendable {
        /// Such as `prefix /foo`.
        package var path: String
        package var action: String
        package var isChosen: Bool
        package var reason: String
        package var from: ObjectField
    }

    package struct Outcome: Codable, Hashable, Sendable {
        /// `forward`, `redirect`, `respond`, `notFound` or `badRequest`.
        package var kind: String
        /// What the client gets without any backend's doing.
        package var status: UInt16?
        package var location: String?
        package var body: String?
        package var reason: String?
        package var backends: [BackendSummary]
    }

    package var method: String
    package var requestedHost: String
    package var target: String
    package var listener: Listener?
    package var certificate: Certificate?
    /// Host and path as they are matched.
    package var host: String
    package var path: String?
    package var hosts: [Host]
    package var routes: [Route]
    /// As the edge would decide it; `nil` where nobody said.
    package var client: String?
    /// Of the chosen route.
    package var limits: [LimitExplanation]
    package var replacedLimits: [ReplacedLimitExplanation]
    package var outcome: Outcome

    package init(_ request: Request, in plan: GatewayPlan) {
        let decision = plan.decide(request)
        method = request.method
        requestedHost = request.host
        target = request.target
        listener = decision.listener.map {
            Listener(
                name: $0.name.text, address: $0.bind.description, isTLS: $0.transport == .tls,
                from: ObjectField($0.origin))
        }
        host = decision.host
        path = decision.path
        hosts = decision.hosts.map { Host($0, chosen: decision.virtualHost?.hostname) }
        routes = decision.routes.map { Route($0) }
        client = request.clientAddress?.description
        limits = (decision.limits?.candidates ?? []).map(LimitExplanation.init)
        replacedLimits = (decision.limits?.replaced ?? []).map(ReplacedLimitExplanation.init)
        outcome = Outcome(decision)
        guard listener?.isTLS == true else { return }
        let names = Hostname.candidates(for: decision.host)
        certificate = names.lazy.compactMap { name in plan.certificates[name].map { (name, $0) } }.first.map {
            Certificate(name: $0.description, from: ObjectField($1.origin))
        }
    }
}

extension RequestExplanation.Host {
    init(_ candidate: Decision.HostCandidate, chosen: Hostname?) {
        name = candidate.hostname.description
        isChosen = candidate.verdict == .chosen
        reason =
            switch candidate.verdict {
            case .chosen: "the narrowest that there is"
            case .absent: "no rule names it"
            case .shadowed: "\(chosen?.description ?? "another") is narrower"
            }
    }
}

extension RequestExplanation.Route {
    init(_ candidate: Decision.RouteCandidate) {
        path = candidate.route.match.path.description
        action = candidate.route.action.description
        isChosen = candidate.verdict == .chosen
        from = ObjectField(candidate.route.origin)
        reason =
            switch candidate.verdict {
            case .chosen: "the first that matches"
            case .pathDiffers(let words): words
            case .shadowed: "it matches, but an earlier one does too"
            }
    }
}

extension RequestExplanation.Outcome {
    init(_ decision: Decision) {
        status = decision.localStatus
        backends = []
        switch decision.outcome {
        case .forward(let targets):
            kind = "forward"
            backends = targets.map(BackendSummary.init)
        case .redirect(_, let location):
            kind = "redirect"
            self.location = location
            reason = "the host requires TLS"
        case .respond(_, let body):
            kind = "respond"
            self.body = body
        case .notFound(let words):
            kind = "notFound"
            reason = words
        case .badRequest(let words):
            kind = "badRequest"
            reason = words
        }
    }
}
