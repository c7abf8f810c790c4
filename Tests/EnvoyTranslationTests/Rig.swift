import EnvoyAPI
import EnvoyTranslation
import NetTypes
import SwiftProtobuf
import TestSupport
import TrafficPlan

/// A plan served by a real Envoy, and by the same process a backend that tells in `x-saw-…` what reached it.
struct Rig {
    static let name = BackendName(namespace: "test", service: "backend", port: 80)
    static let listener = ListenerName("http")

    let port: UInt16
    let backendPort: UInt16
    var plan = PlanChange()
    var client: RawClient { RawClient(port: port) }

    init() throws {
        port = try freePort()
        backendPort = try freePort()
        plan.listeners[Self.listener] = Listener(
            name: Self.listener, bind: Self.local(port), transport: .plain, origin: .builtIn)
        plan.backends[Self.name] = Backend(name: Self.name, origin: .builtIn)
        plan.endpoints[Self.name] = EndpointSet([Endpoint(address: Self.local(backendPort))])
    }

    static func local(_ port: UInt16) -> SocketEndpoint { SocketEndpoint(address: .v4(127, 0, 0, 1), port: port) }

    /// A route that answers by itself with `body`.
    static func answer(_ path: RouteMatch.Path, _ body: String) -> Route {
        Route(match: RouteMatch(path: path), action: .respond(status: 200, body: body), origin: .builtIn)
    }

    static func forward(_ path: RouteMatch.Path = .prefix("/")) -> Route {
        SamplePlan.forward(path, to: name, origin: .builtIn)
    }

    mutating func serve(_ hostname: Hostname, requiresTLS: Bool = false, _ routes: Route...) {
        plan.virtualHosts[hostname] = VirtualHost(hostname: hostname, routes: routes, requiresTLS: requiresTLS)
    }

    func run(_ body: (RawClient) async throws -> Void) async throws {
        var translator = Translator(settings: TranslationSettings())
        let change = translator.apply(plan)
        var bootstrap = try StaticBootstrap(change)
        try bootstrap.embedEndpoints(change)
        bootstrap.message.dynamicResources = .init()
        bootstrap.message.staticResources.listeners.append(try backend())
        try await EnvoyJudge.serving(bootstrap) {
            try await eventually("envoy serves") { (try? client.get("/", host: "up.invalid")) != nil }
            try await body(client)
        }
    }

    private func backend() throws -> Envoy_Config_Listener_V3_Listener {
        let router = Envoy_Extensions_Filters_Http_Router_V3_Router()
        var manager = ResourceText.ConnectionManager()
        manager.statPrefix = "backend"
        manager.httpFilters = [
            try .with {
                $0.name = "envoy.filters.http.router"
                $0.typedConfig = try .init(message: router)
            }
        ]
        manager.routeConfig.virtualHosts = [
            .with {
                $0.name = "backend"
                $0.domains = ["*"]
                $0.routes = [
                    .with {
                        $0.match.prefix = "/"
                        $0.directResponse.status = 200
                        $0.directResponse.body.inlineString = "backend\n"
                    }
                ]
            }
        ]
        manager.routeConfig.responseHeadersToAdd = Self.seen.map { name in
            .with {
                $0.header.key = "x-saw-\(name.hasPrefix(":") ? String(name.dropFirst()) : name)"
                $0.header.value = "%REQ(\(name))%"
            }
        }
        let filter = try Envoy_Config_Listener_V3_Filter.with {
            $0.name = "envoy.filters.network.http_connection_manager"
            $0.typedConfig = try .init(message: manager)
        }
        return .with {
            $0.name = "backend"
            $0.address.socketAddress = .with {
                $0.address = "127.0.0.1"
                $0.portValue = UInt32(backendPort)
            }
            $0.filterChains = [.with { $0.filters = [filter] }]
        }
    }

    private static let seen = [
        ":path", ":authority", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
        "forwarded", "x-real-ip", "x-original-url", "x-envoy-retry-on", "x-envoy-external-address",
        "x-envoy-expected-rq-timeout-ms", "x_tenant", "x-tenant",
    ]
}
