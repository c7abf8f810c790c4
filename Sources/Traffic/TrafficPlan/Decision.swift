/// What a plan does with a request, and why.
package struct Decision: Hashable, Sendable {
    package struct HostCandidate: Hashable, Sendable {
        package enum Verdict: Hashable, Sendable {
            /// The plan has no such virtual host.
            case absent
            case chosen
            /// A narrower one was chosen.
            case shadowed
        }

        package var hostname: Hostname
        package var verdict: Verdict
    }

    package struct RouteCandidate: Hashable, Sendable {
        package enum Verdict: Hashable, Sendable {
            case chosen
            /// The path is another one; the text says how.
            case pathDiffers(String)
            /// It would match, but an earlier route does too.
            case shadowed
        }

        package var route: Route
        package var verdict: Verdict
    }

    package struct LimitCandidate: Hashable, Sendable {
        package var limit: RateLimit
        package var verdict: LimitVerdict
    }

    package struct Limits: Hashable, Sendable {
        /// By name.
        package var candidates: [LimitCandidate]
        package var replaced: [ReplacedLimit]
    }

    /// A backend that the request may go to.
    package struct Target: Hashable, Sendable {
        package var name: BackendName
        package var weight: UInt32
        /// `nil` where the plan has no such backend, which a compiled plan never shows.
        package var backend: Backend?
        package var endpoints: EndpointSet
    }

    package enum Outcome: Hashable, Sendable {
        case forward([Target])
        case redirect(status: UInt16, location: String)
        case respond(status: UInt16, body: String)
        case notFound(String)
        case badRequest(String)
    }

    package var request: Request
    package var listener: Listener?
    /// As it is matched.
    package var host: String
    /// As it is matched and forwarded; `nil` for a malformed one.
    package var path: String?
    package var hosts: [HostCandidate] = []
    package var virtualHost: VirtualHost?
    /// The routes of the virtual host up to the chosen one, then those it shadows.
    package var routes: [RouteCandidate] = []
    /// Of the chosen route; `nil` where it has none.
    package var limits: Limits?
    package var outcome: Outcome

    package var route: Route? { routes.first { $0.verdict == .chosen }?.route }
}

extension Decision {
    /// The status that the client sees without any backend's doing; `nil` where a backend decides.
    package var localStatus: UInt16? {
        switch outcome {
        case .forward(let targets): targets.contains { !$0.endpoints.isEmpty || $0.isResolvedByName } ? nil : 503
        case .redirect(let status, _): status
        case .respond(let status, _): status
        case .notFound: 404
        case .badRequest: 400
        }
    }
}

extension Decision.Target {
    /// The proxy itself resolves the name, so that the plan cannot know its addresses.
    package var isResolvedByName: Bool {
        if case .dns = backend?.discovery { true } else { false }
    }
}

extension EndpointSet {
    package var isEmpty: Bool { endpoints.isEmpty }
    package var ready: Int { endpoints.count { $0.state == .ready } }
    package var draining: Int { endpoints.count { $0.state == .draining } }
}
