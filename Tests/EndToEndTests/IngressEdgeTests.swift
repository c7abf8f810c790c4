import Foundation
import KubernetesModel
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// What Ingress v1 leaves open or makes easy to get wrong, and what is told about it.
@Suite(
    .gateway(services: ["a", "b", "c"]), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(3)))
struct IngressEdgeTests {
    private typealias Rule = Manifest.Rule

    // MARK: ImplementationSpecific

    @Test func `A path that contains an expression matches as one, any other as a prefix`() async throws {
        let gateway = try Gateway.current
        let host = "regex.edge.test"
        try await gateway.serve(
            [
                Manifest.ingress(
                    "regex",
                    [
                        Rule(
                            host,
                            [.specific("/v[0-9]+/items", "a"), .specific("/files/*", "b"), .specific("/v1.0", "c")])
                    ])
            ], until: host, "/files/x")

        func name(_ target: String) async throws -> String? { try await gateway.get(host, target).echo?.name }
        #expect(try await name("/v12/items") == "a")
        #expect(try await name("/v12/items/3") == nil, "the whole path has to match")
        #expect(try await name("/vx/items") == nil)
        #expect(try await name("/files/a/b") == "b")
        #expect(try await name("/v1.0/items") == "c")
        #expect(try await name("/v1x0/items") == nil, "a dot alone makes no expression")
    }

    @Test func `A large expression is served, far beyond what Envoy takes by default`() async throws {
        let gateway = try Gateway.current
        let host = "largeregex.edge.test"
        try await gateway.serve(
            [
                Manifest.ingress(
                    "largeregex",
                    [Rule(host, [.specific("/([a-z]|[0-9]{2}){100}/end", "a"), .prefix("/good", "b")])])
            ], until: host, "/good")

        let exact = "/" + String(repeating: "a", count: 99) + "07/end"
        #expect(try await gateway.get(host, exact).echo?.name == "a")
        #expect(try await gateway.get(host, "/a" + exact.dropFirst()).status == 404)
    }

    @Test func `An expression that cannot be read costs its own paths only, and is told`() async throws {
        let gateway = try Gateway.current
        let host = "badregex.edge.test"
        try await gateway.serve(
            [
                Manifest.ingress(
                    "badregex", [Rule(host, [.specific("/broken/(unclosed", "a"), .prefix("/good", "b")])])
            ], until: host, "/good")

        #expect(try await gateway.get(host, "/good").echo?.name == "b")
        #expect(try await gateway.get(host, "/broken/x").status == 500)
        #expect(try await gateway.get(host, "/elsewhere").status == 404)
        try await gateway.expectEvent(
            of: "badregex", "InvalidRegex", saying: "spec.rules[0].http.paths[0].path", "/broken")
    }

    // MARK: Several Ingresses on one host

    @Test func `Ingresses of one host are merged, the oldest wins a clash and the loser is told`() async throws {
        let gateway = try Gateway.current
        let host = "merged.edge.test"
        // Age counts in whole seconds; within one, the name decides. So the elder comes first by both.
        try await gateway.serve(
            [Manifest.ingress("merged-1-elder", [Rule(host, [.prefix("/shared", "a"), .prefix("/elder", "a")])])],
            until: host, "/elder")
        try await gateway.serve(
            [Manifest.ingress("merged-2-younger", [Rule(host, [.prefix("/shared", "b"), .prefix("/younger", "b")])])],
            until: host, "/younger")

        #expect(try await gateway.get(host, "/shared").echo?.name == "a")
        #expect(try await gateway.get(host, "/elder").echo?.name == "a")
        #expect(try await gateway.get(host, "/younger").echo?.name == "b")
        try await gateway.expectEvent(
            of: "merged-2-younger", "PathConflict", saying: "/shared", "default/merged-1-elder")
        let description = try await gateway.fairway.kubectl("describe", "ingress", "merged-2-younger")
        #expect(description.contains("PathConflict"))

        try await gateway.fairway.delete("ingress", "merged-1-elder")
        try await gateway.wait(host, "/shared") { $0.echo?.name == "b" }
        #expect(try await gateway.get(host, "/elder").status == 404)
    }

    // MARK: Backends

    @Test func `A default backend of an Ingress with rules answers for its hosts only`() async throws {
        let gateway = try Gateway.current
        let host = "hostdefault.edge.test"
        try await gateway.serve(
            [
                Manifest.ingress(
                    "hostdefault", [Rule(host, [.prefix("/known", "a")]), Rule("bare.edge.test", [])],
                    defaultBackend: Manifest.backend("b"))
            ], until: host, "/known")

        #expect(try await gateway.get(host, "/known").echo?.name == "a")
        #expect(try await gateway.get(host, "/unknown").echo?.name == "b")
        #expect(try await gateway.get("bare.edge.test", "/").echo?.name == "b")
        #expect(try await gateway.get("notmine.edge.test", "/").status == 404)
    }

    @Test func `A port is found by name and by number, and a wrong one is told`() async throws {
        let gateway = try Gateway.current
        let host = "ports.edge.test"
        func path(_ path: String, _ port: JSONValue) -> Manifest.Path {
            Manifest.Path(path: path, type: "Prefix", backend: Manifest.backend("a", port: port))
        }
        try await gateway.serve(
            [
                Manifest.ingress(
                    "ports",
                    [
                        Rule(
                            host,
                            [
                                path("/name", ["name": "http"]), path("/number", ["number": 80]),
                                path("/badname", ["name": "grpc"]), path("/badnumber", ["number": 81]),
                            ])
                    ])
            ], until: host, "/name")

        #expect(try await gateway.get(host, "/number").echo?.name == "a")
        #expect(try await gateway.get(host, "/badname").status == 503)
        #expect(try await gateway.get(host, "/badnumber").status == 503)
        try await gateway.expectEvent(
            of: "ports", "ServicePortNotFound", saying: "spec.rules[0].http.paths[2]", "grpc", "80")
        try await gateway.expectEvent(of: "ports", "ServicePortNotFound", saying: "spec.rules[0].http.paths[3]", "81")
    }

    @Test func `A Service that does not exist answers 503 for its path, and is served when it comes`() async throws {
        let gateway = try Gateway.current
        let host = "missing.edge.test"
        try await gateway.serve(
            [Manifest.ingress("missing", [Rule(host, [.prefix("/late", "late"), .prefix("/", "a")])])], until: host)

        let answer = try await gateway.get(host, "/late")
        #expect(answer.status == 503)
        #expect(answer.body == "no such service\n")
        #expect(try await gateway.get(host, "/other").echo?.name == "a")
        try await gateway.expectEvent(
            of: "missing", "ServiceNotFound", saying: "spec.rules[0].http.paths[0]", "default/late", "503")

        try await Backend.run("late") { backend in
            try await gateway.fairway.apply(Manifest.service("late", to: [backend]))
            try await gateway.wait(host, "/late") { $0.echo?.name == "late" }
        }
    }

    @Test func `A Service without endpoints answers 503 and says so`() async throws {
        let gateway = try Gateway.current
        let host = "empty.edge.test"
        try await gateway.serve(
            Manifest.service("empty", to: [])
                + [Manifest.ingress("empty", [Rule(host, [.prefix("/empty", "empty"), .prefix("/", "a")])])],
            until: host)

        let answer = try await gateway.get(host, "/empty")
        #expect(answer.status == 503)
        #expect(answer.body == "the service has no ready endpoint\n")
        #expect(try await gateway.get(host).echo?.name == "a")
    }

    @Test func `A resource backend is refused with an Event, and its neighbours are served`() async throws {
        let gateway = try Gateway.current
        let host = "resource.edge.test"
        let backend: JSONValue = ["resource": ["apiGroup": "example.com", "kind": "Bucket", "name": "static"]]
        try await gateway.serve(
            [
                Manifest.ingress(
                    "resource",
                    [Rule(host, [Manifest.Path(path: "/static", type: "Prefix", backend: backend), .prefix("/", "a")])])
            ], until: host)

        #expect(try await gateway.get(host, "/static").status == 500)
        try await gateway.expectEvent(
            of: "resource", "UnsupportedBackend", saying: "spec.rules[0].http.paths[0].backend.resource")
    }

    @Test func `An ExternalName Service is resolved by name, but never to the proxy's own machine`() async throws {
        let gateway = try Gateway.current
        let host = "external.edge.test"
        func external(_ name: String, _ target: String) -> JSONValue {
            Manifest.object(
                "v1", "Service", name,
                [
                    "spec": [
                        "type": "ExternalName", "externalName": .string(target),
                        "ports": [["name": "http", "port": 80]],
                    ]
                ])
        }
        try await gateway.serve(
            [
                external("external-own", "localhost"), external("external-nowhere", "nowhere.invalid"),
                Manifest.ingress(
                    "external",
                    [
                        Rule(
                            host,
                            [
                                .prefix("/own", "external-own"), .prefix("/nowhere", "external-nowhere"),
                                .prefix("/", "a"),
                            ])
                    ]),
            ], until: host)

        #expect(try await gateway.get(host, "/own").status == 500)
        try await gateway.expectEvent(of: "external", "BackendRefused", saying: "spec.externalName", "localhost")
        #expect(try await gateway.get(host, "/nowhere").status == 503)
        #expect(try await gateway.get(host).echo?.name == "a")
    }

    @Test(
        .enabled(
            if: (try? SocketAddress.makeAddressResolvingHost(machineName, port: 80)) != nil,
            "this machine's name has no address"))
    func `An ExternalName Service without ports takes any port of the host that it names`() async throws {
        let gateway = try Gateway.current
        let host = "named.edge.test"
        try await Backend.run("named", host: "0.0.0.0") { backend in
            let service = Manifest.object(
                "v1", "Service", "named",
                ["spec": ["type": "ExternalName", "externalName": .string(machineName)]])
            let port: JSONValue = ["number": .integer(Int64(backend.port))]
            let path = Manifest.Path(path: "/", type: "Prefix", backend: Manifest.backend("named", port: port))
            let answer = try await gateway.serve(
                [service, Manifest.ingress("named", [Rule(host, [path])])], until: host)
            #expect(answer.echo?.name == "named")
        }
    }

    // MARK: Annotations

    @Test func `https-redirect sends plain requests to https and serves those that come by TLS`() async throws {
        let gateway = try Gateway.current
        let host = "redirect.edge.test"
        let port = gateway.fairway.httpsPort
        try await gateway.serve(
            [
                Manifest.ingress(
                    "redirect", [Rule(host, [.prefix("/", "a")])], annotations: ["fairway.dev/https-redirect": "true"])
            ], until: host
        ) { $0.status == 301 }

        let answer = try await gateway.get("\(host):\(gateway.fairway.httpPort)", "/path?q=1")
        #expect(answer.status == 301)
        #expect(answer.headers.first(name: "location") == "https://\(host):\(port)/path?q=1")
        let secure = try await gateway.get(host, "/path", tls: .trustingAnyone, serverName: host)
        #expect(secure.echo?.name == "a")
        #expect(secure.echo?.header("x-forwarded-proto") == "https")
    }

    @Test func `request-timeout cuts a backend that does not answer in time`() async throws {
        let gateway = try Gateway.current
        let host = "timeout.edge.test"
        try await gateway.serve(
            [
                Manifest.ingress(
                    "timeout", [Rule(host, [.prefix("/", "a")])],
                    annotations: ["fairway.dev/request-timeout": "300ms", "fairway.dev/request-timout": "1s"])
            ], until: host)

        let answer = try await gateway.get(host, "/?hang=1")
        #expect(answer.status == 504)
        #expect(answer.body == "the service did not answer in time\n")
        try await gateway.expectEvent(of: "timeout", "UnknownAnnotation", saying: "fairway.dev/request-timout")
    }

    // MARK: Hosts as clients write them

    @Test func `A host is matched in any case, with a port, and in absolute form`() async throws {
        let gateway = try Gateway.current
        let host = "spelling.edge.test"
        try await gateway.serve([Manifest.ingress("spelling", [Rule(host, [.prefix("/", "a")])])], until: host)

        #expect(try await gateway.get("SPELLING.Edge.TEST").echo?.name == "a")
        #expect(try await gateway.get("\(host):\(gateway.fairway.httpPort)").echo?.name == "a")
        #expect(try await gateway.get("\(host):1").echo?.name == "a")
        let absolute = try await gateway.get("other.edge.test", "http://\(host)/path?q")
        #expect(absolute.echo?.name == "a", "RFC 9112 section 3.2.2: the absolute form counts, not the Host header")
        #expect(absolute.echo?.target == "/path?q")
        #expect([400, 404].contains(try await gateway.get("").status))
    }

    // MARK: Backends that misbehave

    @Test func `A backend that refuses or resets connections answers 503, and its neighbours are served`() async throws
    {
        let gateway = try Gateway.current
        let host = "broken.edge.test"
        let refusing = Backend(name: "refusing", port: try freePort())
        try await gateway.serve(
            Manifest.service("refusing", to: [refusing]) + [
                Manifest.ingress("broken", [Rule(host, [.prefix("/refusing", "refusing"), .prefix("/", "a")])])
            ], until: host)

        let refused = try await gateway.get(host, "/refusing")
        #expect(refused.status == 503)
        #expect(refused.body == "the service cannot be reached\n")
        let reset = try await gateway.get(host, "/?reset=1")
        #expect(reset.status == 503)
        #expect(reset.body == "the service broke off before it answered\n")
        #expect(try await gateway.get(host).echo?.name == "a")
    }
}

private let machineName = ProcessInfo.processInfo.hostName.lowercased()
