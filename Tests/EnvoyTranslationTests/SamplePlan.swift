import NetTypes
import TrafficPlan

/// A plan in which every kind of unit appears.
enum SamplePlan {
    static let web = BackendName(namespace: "shop", service: "web", port: 80)
    static let api = BackendName(namespace: "shop", service: "api", port: 8443)
    static let grpc = BackendName(namespace: "shop", service: "grpc", port: 9000)
    static let outside = BackendName(namespace: "shop", service: "outside", port: 443)

    static func origin(_ name: String, _ field: String = "") -> Origin {
        Origin(kind: "Ingress", namespace: "shop", name: name, field: field)
    }

    static func endpoint(_ last: UInt8, zone: String? = nil, state: Endpoint.State = .ready) -> Endpoint {
        Endpoint(address: SocketEndpoint(address: .v4(10, 0, 0, last), port: 8080), zone: zone, state: state)
    }

    static func forward(
        _ path: RouteMatch.Path, to name: BackendName, origin: Origin = origin("web", "spec.rules[0].http.paths[0]")
    ) -> Route {
        Route(match: RouteMatch(path: path), action: .forward(to: [WeightedBackend(name)]), origin: origin)
    }

    static let listeners: [Listener] = [
        Listener(
            name: ListenerName("http"), bind: SocketEndpoint(address: .v4(0, 0, 0, 0), port: 8080), transport: .plain,
            origin: .builtIn),
        Listener(
            name: ListenerName("https"), bind: SocketEndpoint(address: .v4(0, 0, 0, 0), port: 8443), transport: .tls,
            origin: .builtIn),
    ]

    static let exact = VirtualHost(
        hostname: .exact("shop.example"),
        routes: [
            forward(.exact("/healthz"), to: web),
            Route(
                match: RouteMatch(path: .regex("/v[0-9]+/.*")),
                action: .forward(to: [WeightedBackend(web, weight: 3), WeightedBackend(api), WeightedBackend(grpc)]),
                origin: origin("web", "spec.rules[0].http.paths[1]")),
            forward(.prefix("/api"), to: api),
            limited(forward(.prefix("/"), to: web)),
        ])

    static let limits = LimitSet(limits: [
        limit("client", key: [KeyPart(.clientAddress(ipv4Bits: 32, ipv6Bits: 64))], whenLimiterFails: .deny),
        limit("tenant", key: [KeyPart(.header("x-tenant")), KeyPart(.queryParameter("q"))]),
        limit("quota", key: [KeyPart(.cookie("sid"))], cost: .responseHeader(HeaderCost(name: "x-cost"))),
        limit(
            "own", conditions: [RequestCondition(path: .prefix("/login"), methods: ["POST"])],
            key: [KeyPart(.pathSegment(1))], scope: .perProxy),
    ])

    private static func limit(
        _ name: String, conditions: [RequestCondition] = [], key: [KeyPart], cost: Cost = .fixed(1),
        scope: RateLimit.Scope = .global, whenLimiterFails: RateLimit.FailureMode = .allow
    ) -> RateLimit {
        RateLimit(
            name: RateLimitName(namespace: "shop", policy: "limits", limit: name), conditions: conditions, key: key,
            allowance: Allowance(requests: 100, per: .minute, burst: 20), cost: cost, scope: scope,
            whenLimiterFails: whenLimiterFails,
            origin: Origin(kind: "RateLimitPolicy", namespace: "shop", name: "limits"))
    }

    private static func limited(_ route: Route) -> Route {
        var route = route
        route.limits = LimitSetID("set-1")
        return route
    }

    static let secure = VirtualHost(
        hostname: .exact("secure.example"), routes: [forward(.prefix("/"), to: web)], requiresTLS: true,
        httpsPort: 8443)

    static let wildcard = VirtualHost(
        hostname: .wildcard(suffix: "shop.example"), routes: [forward(.prefix("/tenant"), to: grpc)],
        requiresTLS: true)

    static let any = VirtualHost(
        hostname: .any,
        routes: [
            Route(
                match: RouteMatch(path: .exact("/gone")), action: .respond(status: 410, body: "gone\n"),
                origin: origin("default", "spec.rules[0]")),
            forward(.prefix("/any"), to: outside, origin: origin("default", "spec.rules[1]")),
        ])

    static let backends: [Backend] = [
        Backend(name: web, origin: origin("web")),
        Backend(
            name: api, version: .negotiated, tls: UpstreamTLS(serverName: "api.shop.svc", trustedCertificates: Keys.ca),
            origin: origin("web")),
        Backend(name: grpc, version: .http2, origin: origin("web")),
        Backend(
            name: outside, discovery: .dns(host: "outside.example", port: 443),
            tls: UpstreamTLS(serverName: "outside.example"), origin: origin("web")),
    ]

    static var change: PlanChange {
        var change = PlanChange()
        change.limitSets[LimitSetID("set-1")] = limits
        for listener in listeners { change.listeners[listener.name] = listener }
        for host in [exact, secure, wildcard, any] { change.virtualHosts[host.hostname] = host }
        for backend in backends { change.backends[backend.name] = backend }
        change.endpoints = [
            web: EndpointSet([endpoint(1, zone: "a"), endpoint(2, zone: "b"), endpoint(3, zone: "a", state: .draining)]
            ),
            api: EndpointSet([endpoint(4)]),
        ]
        let certificate = Certificate(
            chain: Keys.ca, key: PrivateKey(pem: Keys.key),
            origin: Origin(kind: "Secret", namespace: "shop", name: "tls"))
        for hostname in [Hostname.exact("shop.example"), .wildcard(suffix: "shop.example"), .any] {
            change.certificates[hostname] = certificate
        }
        return change
    }
}
