import FoundationEssentials
import NetTypes
import Testing
import TrafficPlan

@testable import Explain

@Suite struct ExplainTests {
    static func plan() -> GatewayPlan {
        let web = BackendName(namespace: "shop", service: "web", port: 80)
        let empty = BackendName(namespace: "shop", service: "empty", port: 80)
        let origin = Origin(kind: "Ingress", namespace: "shop", name: "front")
        func route(_ path: RouteMatch.Path, _ action: RouteAction, _ field: String) -> Route {
            var origin = origin
            origin.field = field
            return Route(match: RouteMatch(path: path), action: action, origin: origin)
        }
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
        plan.virtualHosts[Hostname("shop.example")] = VirtualHost(
            hostname: Hostname("shop.example"),
            routes: [
                route(.exact("/cart"), .forward(to: [WeightedBackend(web)]), "spec.rules[0].http.paths[1]"),
                route(
                    .prefix("/gone"), .respond(status: 503, body: "no such service\n"), "spec.rules[0].http.paths[2]"),
                route(.prefix("/empty"), .forward(to: [WeightedBackend(empty)]), "spec.rules[0].http.paths[3]"),
                route(.prefix("/"), .forward(to: [WeightedBackend(web)]), "spec.rules[0].http.paths[0]"),
            ])
        plan.virtualHosts[Hostname("tls.example")] = VirtualHost(
            hostname: Hostname("tls.example"),
            routes: [route(.prefix("/"), .forward(to: [WeightedBackend(web)]), "spec.rules[1].http.paths[0]")],
            requiresTLS: true, httpsPort: 8443)
        let service = Origin(kind: "Service", namespace: "shop", name: "web", field: "spec.ports[0]")
        plan.backends[web] = Backend(name: web, version: .http2, origin: service)
        plan.backends[empty] = Backend(name: empty, origin: service)
        plan.endpoints[web] = EndpointSet([
            Endpoint(address: SocketEndpoint(address: .v4(10, 0, 0, 1), port: 8080), zone: "a"),
            Endpoint(address: SocketEndpoint(address: .v4(10, 0, 0, 2), port: 8080), state: .draining),
        ])
        plan.endpoints[empty] = EndpointSet()
        plan.certificates[.any] = Certificate(chain: "", key: PrivateKey(pem: ""), origin: .builtIn)
        return plan
    }

    static func explain(_ host: String, _ target: String, on listener: String = "http") -> RequestExplanation {
        RequestExplanation(Request(listener: ListenerName(listener), host: host, target: target), in: plan())
    }

    @Test func `an explanation tells the whole way`() {
        #expect(
            Self.explain("shop.example:8080", "/a/../cart/1").description == """
                GET http://shop.example:8080/a/../cart/1

                  listener     http on 0.0.0.0:8080, from Fairway built-in
                  host         ▸ shop.example: the narrowest that there is
                               · *.example: no rule names it
                               · *: no rule names it
                  path         /cart/1, normalised
                  routes       · exact /cart → shop/web/80
                                   /cart/1 is not exactly /cart
                                   from Ingress shop/front spec.rules[0].http.paths[1]
                               · prefix /gone → answer 503 "no such service"
                                   /cart/1 does not begin with /gone
                                   from Ingress shop/front spec.rules[0].http.paths[2]
                               · prefix /empty → shop/empty/80
                                   /cart/1 does not begin with /empty
                                   from Ingress shop/front spec.rules[0].http.paths[3]
                               ▸ prefix / → shop/web/80
                                   the first that matches
                                   from Ingress shop/front spec.rules[0].http.paths[0]
                  result       goes to shop/web/80 speaking HTTP/2, from Service shop/web spec.ports[0]
                                 10.0.0.1:8080 ready in zone a
                                 10.0.0.2:8080 draining

                """)
    }

    @Test(arguments: [
        ("shop.example", "/gone", "  result       503 by the proxy itself: no such service"),
        ("shop.example", "/empty", "                 no endpoints: the answer is 503"),
        ("tls.example", "/x?y", "  result       301 to https://tls.example:8443/x?y: the host requires TLS"),
        ("other.example", "/", "  result       404: no virtual host for other.example"),
        ("shop.example", "/%00", "  result       400: the path has an escaped NUL"),
    ])
    func `the result says what happens and why`(host: String, target: String, line: String) {
        #expect(Self.explain(host, target).description.split(separator: "\n").contains(Substring(line)))
    }

    @Test func `with TLS the certificate is named`() {
        let text = Self.explain("shop.example", "/", on: "https").description
        #expect(text.contains("  certificate  for *, from Fairway built-in\n"))
        #expect(text.hasPrefix("GET https://shop.example/\n"))
    }

    @Test func `the table has a line for each route, in the order of trial`() {
        #expect(
            RouteTable(Self.plan()).description == """
                HOST                    TYPE    PATH    BACKEND        READY  DRAINING  STATE            FROM
                shop.example            exact   /cart   shop/web/80    1      1         ok               Ingress shop/front spec.rules[0].http.paths[1]
                shop.example            prefix  /gone   answer 503     0      0         no such service  Ingress shop/front spec.rules[0].http.paths[2]
                shop.example            prefix  /empty  shop/empty/80  0      0         no endpoints     Ingress shop/front spec.rules[0].http.paths[3]
                shop.example            prefix  /       shop/web/80    1      1         ok               Ingress shop/front spec.rules[0].http.paths[0]
                tls.example (TLS only)  prefix  /       shop/web/80    1      1         ok               Ingress shop/front spec.rules[1].http.paths[0]

                """)
        #expect(RouteTable(GatewayPlan()).description == "nothing is served\n")
    }

    @Test func `both survive JSON`() throws {
        let explanation = Self.explain("shop.example", "/")
        let table = RouteTable(Self.plan())
        let explained = try JSONEncoder().encode(explanation)
        #expect(try JSONDecoder().decode(RequestExplanation.self, from: explained) == explanation)
        #expect(try JSONDecoder().decode(RouteTable.self, from: JSONEncoder().encode(table)) == table)
    }
}
