import NetTypes
import Testing

@testable import TrafficPlan

@Suite struct DecideTests {
    static let origin = Origin(kind: "Ingress", namespace: "default", name: "web", field: "spec.rules[0]")
    static let backend = BackendName(namespace: "default", service: "web", port: 80)

    static func plan() -> GatewayPlan {
        var plan = GatewayPlan()
        for (name, port, transport) in [("http", 8080, .plain), ("https", 8443, .tls)]
            as [(
                String, UInt16, Listener.Transport
            )]
        {
            plan.listeners[ListenerName(name)] = Listener(
                name: ListenerName(name), bind: SocketEndpoint(address: .v4(0, 0, 0, 0), port: port),
                transport: transport, origin: .builtIn)
        }
        func host(_ name: String, _ routes: [(RouteMatch.Path, RouteAction)], tls: Bool = false) {
            plan.virtualHosts[Hostname(name)] = VirtualHost(
                hostname: Hostname(name),
                routes: routes.map { Route(match: RouteMatch(path: $0.0), action: $0.1, origin: origin) },
                requiresTLS: tls, httpsPort: 8443)
        }
        func answer(_ text: String) -> RouteAction { .respond(status: 200, body: text) }
        host(
            "a.example",
            [
                (.exact("/foo/bar"), answer("exact")), (.regex("/foo/[0-9]+"), answer("regex")),
                (.prefix("/foo"), answer("prefix")), (.prefix("/live"), .forward(to: [WeightedBackend(backend)])),
            ])
        host("*.a.example", [(.prefix("/"), answer("wildcard"))])
        host("secure.example", [(.prefix("/"), answer("secure"))], tls: true)
        host("*", [(.prefix("/"), answer("any"))])
        plan.backends[backend] = Backend(name: backend, origin: origin)
        return plan
    }

    static func ask(_ host: String, _ target: String, on listener: String = "http") -> Decision {
        plan().decide(Request(listener: ListenerName(listener), host: host, target: target))
    }

    static func body(_ host: String, _ target: String) -> String {
        switch ask(host, target).outcome {
        case .respond(_, let body): body
        case .notFound: "404"
        case .badRequest: "400"
        default: "other"
        }
    }

    @Test(arguments: [
        ("a.example", "/foo", "prefix"), ("A.EXAMPLE:8080", "/foo/", "prefix"), ("a.example.", "/foo/x?q", "prefix"),
        ("a.example", "/foobar", "404"), ("a.example", "/foo/bar", "exact"), ("a.example", "/foo/bar/", "prefix"),
        ("a.example", "/foo/42", "regex"), ("a.example", "/foo/42/", "prefix"), ("a.example", "/FOO", "404"),
        ("a.example", "/x/../foo", "prefix"), ("a.example", "/", "404"), ("b.a.example", "/", "wildcard"),
        ("c.b.a.example", "/", "any"), (".a.example", "/", "any"), ("other", "/x", "any"), ("", "/", "any"),
        ("a.example", "nothing", "400"), ("example", "/", "any"), ("a.example", "/foo%00", "400"),
    ])
    func `the narrowest host and the first matching route decide`(host: String, target: String, body: String) {
        #expect(Self.body(host, target) == body)
    }

    @Test func `a decision says why others were passed over`() throws {
        let decision = Self.ask("a.example", "/foo/7")
        #expect(
            decision.hosts == [
                .init(hostname: .exact("a.example"), verdict: .chosen),
                .init(hostname: .wildcard(suffix: "example"), verdict: .absent),
                .init(hostname: .any, verdict: .shadowed),
            ])
        #expect(
            decision.routes.map(\.verdict) == [
                .pathDiffers("/foo/7 is not exactly /foo/bar"), .chosen, .shadowed,
            ])
        #expect(try #require(decision.route).match.path == .regex("/foo/[0-9]+"))
        #expect(
            RouteMatch.Path.prefix("/foo").difference(from: "/foobar")
                == "/foobar begins with /foo, but within a path element")
    }

    @Test func `a host that requires TLS redirects plain requests and serves the others`() {
        let plain = Self.ask("Secure.Example:8080", "/a/../b?c=d")
        #expect(plain.outcome == .redirect(status: 301, location: "https://secure.example:8443/b?c=d"))
        #expect(plain.localStatus == 301)
        #expect(
            Self.ask("secure.example", "/", on: "https").outcome == .respond(status: 200, body: "secure"))
    }

    @Test func `a backend without endpoints is a 503 by the proxy`() {
        let decision = Self.ask("a.example", "/live")
        #expect(decision.localStatus == 503)
        guard case .forward(let targets) = decision.outcome else {
            Issue.record("not forwarded")
            return
        }
        #expect(targets.map(\.name) == [Self.backend])
        #expect(targets[0].backend != nil)
    }

    @Test func `without the listener nothing answers`() {
        #expect(Self.ask("a.example", "/foo", on: "none").localStatus == 404)
    }

    @Test func `applying a change replaces, adds and removes`() {
        var plan = Self.plan()
        var change = PlanChange()
        change.virtualHosts.updateValue(nil, forKey: .any)
        change.endpoints[Self.backend] = EndpointSet([
            Endpoint(address: SocketEndpoint(address: .v4(10, 0, 0, 1), port: 80)),
            Endpoint(address: SocketEndpoint(address: .v4(10, 0, 0, 2), port: 80), state: .draining),
        ])
        plan.apply(change)
        #expect(plan.virtualHosts[.any] == nil)
        let request = Request(listener: ListenerName("http"), host: "a.example", target: "/live")
        #expect(plan.decide(request).localStatus == nil)
        #expect(plan.description.contains("backend default/web/80 http1 from Ingress default/web spec.rules[0]"))
        #expect(plan.description.contains("  10.0.0.2:80 draining"))
    }
}
