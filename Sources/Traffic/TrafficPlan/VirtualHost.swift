/// The routes of one host, in the order in which they are tried: the first that matches decides.
package struct VirtualHost: Hashable, Sendable {
    package var hostname: Hostname
    package var routes: [Route]
    /// Requests that came without TLS are redirected to `https` before any route is tried: status 301, same host
    /// without port and trailing dot (as the client spelt it where the virtual host is not an exact one), normalised
    /// path, query.
    package var requiresTLS: Bool
    /// The port that such a redirect names, as clients see it; 443 is left out.
    package var httpsPort: UInt16

    package init(hostname: Hostname, routes: [Route], requiresTLS: Bool = false, httpsPort: UInt16 = 443) {
        self.hostname = hostname
        self.routes = routes
        self.requiresTLS = requiresTLS
        self.httpsPort = httpsPort
    }
}

package struct Route: Hashable, Sendable {
    package var match: RouteMatch
    package var action: RouteAction
    package var timeouts: RouteTimeouts
    /// The limits of its requests, by name in `GatewayPlan.limitSets`.
    package var limits: LimitSetID?
    package var origin: Origin

    package init(
        match: RouteMatch, action: RouteAction, timeouts: RouteTimeouts = RouteTimeouts(), limits: LimitSetID? = nil,
        origin: Origin
    ) {
        self.match = match
        self.action = action
        self.timeouts = timeouts
        self.limits = limits
        self.origin = origin
    }
}

/// What a request must look like. Paths are compared after normalisation, without the query, case-sensitively.
package struct RouteMatch: Hashable, Sendable {
    package enum Path: Hashable, Sendable, Codable {
        case exact(String)
        /// By path element: `/aaa` matches `/aaa`, `/aaa/` and `/aaa/b`, not `/aaaccc`. Held without a trailing
        /// slash; `/` matches every path.
        case prefix(String)
        /// An RE2 expression that must match the whole path.
        case regex(String)
    }

    package var path: Path

    package init(path: Path) {
        self.path = path
    }
}

package enum RouteAction: Hashable, Sendable {
    case forward(to: [WeightedBackend])
    /// Answered by the proxy itself, with a `text/plain` body.
    case respond(status: UInt16, body: String)
}

package struct WeightedBackend: Hashable, Sendable {
    package var backend: BackendName
    package var weight: UInt32

    package init(_ backend: BackendName, weight: UInt32 = 1) {
        self.backend = backend
        self.weight = weight
    }
}

/// `nil` means no limit.
package struct RouteTimeouts: Hashable, Sendable {
    /// From the end of the request to the end of the answer. Off by default: streams and WebSockets last.
    package var request: Duration?
    /// Longest silence of the backend within one stream.
    package var idle: Duration? = .seconds(300)

    package init() {}
}
