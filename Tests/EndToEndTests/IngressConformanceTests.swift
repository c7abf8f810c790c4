import KubernetesModel
import NIOSSL
import TLSMaterial
import TestSupport
import Testing

/// The scenarios of kubernetes-sigs/ingress-controller-conformance, in our own words.
@Suite(
    .gateway(services: ["a", "b", "c"], objects: PathRules.ingresses), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(2)))
struct IngressConformanceTests {
    // MARK: Host rules

    @Test func `A host's certificate covers it, and its requests reach the Service`() async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let host = "secure.conformance.test"
        try await gateway.serve(
            [
                Manifest.tlsSecret("conformance-tls", authority.issue(host)),
                Manifest.ingress(
                    "conformance-tls", [Manifest.Rule(host, [.prefix("/", "a")])], tls: [([host], "conformance-tls")]),
            ], until: host)

        let answer = try await gateway.get(host, tls: .trusting(authority), serverName: host)

        #expect(answer.status == 200)
        #expect(answer.echo?.name == "a")
        #expect(answer.echo?.host == host)
    }

    @Test func `A host without TLS is served, and no other host is`() async throws {
        let gateway = try Gateway.current
        try await gateway.serve(
            [Manifest.ingress("plain-host", [Manifest.Rule("plain.conformance.test", [.prefix("/", "b")])])],
            until: "plain.conformance.test")

        #expect(try await gateway.get("plain.conformance.test").echo?.name == "b")
        #expect(try await gateway.get("other.conformance.test").status == 404)
    }

    @Test func `A wildcard host matches exactly one label`() async throws {
        let gateway = try Gateway.current
        try await gateway.serve(
            [Manifest.ingress("wildcard-host", [Manifest.Rule("*.wild.conformance.test", [.prefix("/", "c")])])],
            until: "one.wild.conformance.test")

        #expect(try await gateway.get("bar.wild.conformance.test").echo?.name == "c")
        #expect(try await gateway.get("baz.bar.wild.conformance.test").status == 404)
        #expect(try await gateway.get("wild.conformance.test").status == 404)
    }

    // MARK: Ingress class

    @Test func `An Ingress of another class gets no status and no traffic`() async throws {
        let gateway = try Gateway.current
        try await gateway.fairway.apply([
            Manifest.ingressClass("foreign", controller: "example.com/another-controller"),
            Manifest.ingress(
                "foreign", [Manifest.Rule("foreign.conformance.test", [.prefix("/", "a")])], className: "foreign"),
        ])
        // Changes arrive in order: once the later one has its status, the earlier one has been passed over.
        try await gateway.serve(
            [Manifest.ingress("domestic", [Manifest.Rule("domestic.conformance.test", [.prefix("/", "a")])])],
            until: "domestic.conformance.test")
        try await eventually("the Ingress of our class has an address") {
            try await !gateway.addresses(of: "domestic").isEmpty
        }

        #expect(try await gateway.addresses(of: "foreign") == [])
        #expect(try await gateway.get("foreign.conformance.test").status == 404)
    }

    // MARK: Load balancing

    @Test func `A hundred requests reach every one of ten endpoints`() async throws {
        let gateway = try Gateway.current
        let names = (0..<10).map { "endpoint-\($0)" }
        try await Backend.run(names) { backends in
            let host = "scaled.conformance.test"
            let rule = Manifest.Rule(host, [.prefix("/", "scaled")])
            try await gateway.serve(
                Manifest.service("scaled", to: [backends[0]]) + [Manifest.ingress("scaled", [rule])], until: host)
            try await gateway.fairway.apply(Manifest.service("scaled", to: backends))
            try await gateway.wait(host) { $0.echo?.name == "endpoint-9" }

            var reached: [String: Int] = [:]
            for _ in 0..<100 {
                let answer = try await gateway.get(host)
                reached[answer.echo?.name ?? "nobody", default: 0] += 1
            }

            #expect(Set(reached.keys) == Set(names), "\(reached)")
        }
    }

    // MARK: Path rules

    struct PathCase: Sendable, CustomTestStringConvertible {
        var says: String
        var target: String
        /// `nil` for 404.
        var service: String?
        var testDescription: String { "\(target) → \(service ?? "404"): \(says)" }

        init(_ target: String, _ service: String?, _ says: String) {
            self.says = says
            self.target = target
            self.service = service
        }
    }

    @Test(
        arguments: [
            ("exact", PathCase("/foo", "a", "an Exact path matches itself")),
            ("exact", PathCase("/foo/", nil, "an Exact path has no trailing slash unless it says so")),
            ("exact", PathCase("/FOO", nil, "an Exact path is case-sensitive")),
            ("exact", PathCase("/bar", nil, "an Exact path matches no other path")),
            ("exact", PathCase("/foo/bar", nil, "an Exact path matches nothing below it")),
            ("exact-slash", PathCase("/foo/", "a", "an Exact path with a trailing slash matches itself")),
            ("exact-slash", PathCase("/foo", nil, "an Exact path with a trailing slash needs it")),
            ("root", PathCase("/any/path/at/all", "a", "the prefix / matches every path")),
            ("prefix", PathCase("/foo", "a", "a Prefix matches itself")),
            ("prefix", PathCase("/foo/", "a", "a Prefix ignores a trailing slash of the request")),
            ("prefix", PathCase("/foo/bar", "a", "a Prefix matches what is below it")),
            ("prefix", PathCase("/FOO", nil, "a Prefix is case-sensitive")),
            ("prefix", PathCase("/foobar", nil, "a Prefix matches whole elements")),
            ("prefix-slash", PathCase("/foo", "a", "a Prefix's own trailing slash is ignored")),
            ("prefix-slash", PathCase("/foo/", "a", "a Prefix's own trailing slash is ignored, both have one")),
            ("element", PathCase("/aaa/bb", "a", "a Prefix of two elements matches itself")),
            ("element", PathCase("/aaa/bbb", nil, "a Prefix does not match part of an element")),
            ("element", PathCase("/aaa/bb/ccc", "a", "a Prefix of two elements matches below")),
            ("element", PathCase("/aaaccc", nil, "a Prefix does not match the beginning of an element")),
            ("longest", PathCase("/aaa/ccc", "a", "the longer of two prefixes wins")),
            ("longest", PathCase("/aaa/bbb/ccc", "c", "the longest of three prefixes wins")),
            ("longest", PathCase("/ccc", "b", "what no longer prefix matches falls to /")),
            ("mixed", PathCase("/foo", "b", "Exact beats Prefix")),
            ("mixed", PathCase("/foo/bar", "a", "of two prefixes that differ in a trailing slash the first holds")),
        ])
    func `Paths match as Ingress v1 says`(group: String, pathCase: PathCase) async throws {
        let gateway = try Gateway.current

        let answer = try await gateway.get("\(group).paths.conformance.test", pathCase.target)

        #expect(answer.status == (pathCase.service == nil ? 404 : 200))
        #expect(answer.echo?.name == pathCase.service)
    }
}

/// One Ingress for each group of rules, each on a host of its own.
enum PathRules {
    private static let groups: [String: [Manifest.Path]] = [
        "exact": [.exact("/foo", "a")],
        "exact-slash": [.exact("/foo/", "a")],
        "prefix": [.prefix("/foo", "a")],
        "prefix-slash": [.prefix("/foo/", "a")],
        "element": [.prefix("/aaa/bb", "a")],
        "root": [.prefix("/", "a")],
        "longest": [.prefix("/aaa", "a"), .prefix("/", "b"), .prefix("/aaa/bbb", "c")],
        "mixed": [.prefix("/foo", "a"), .exact("/foo", "b"), .prefix("/foo/", "c")],
    ]

    static var ingresses: [JSONValue] {
        groups.map { group, paths in
            Manifest.ingress("paths-\(group)", [Manifest.Rule("\(group).paths.conformance.test", paths)])
        }
    }
}

/// A gateway of its own, because a default backend answers for every host.
@Suite(
    .gateway(
        services: ["fallback"],
        objects: [Manifest.ingress("only-default", defaultBackend: Manifest.backend("fallback"))]),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(2)))
struct DefaultBackendConformanceTests {
    @Test(arguments: ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    func `An Ingress with only a default backend takes every request`(method: String) async throws {
        let gateway = try Gateway.current
        let answer = try await gateway.send(
            method, "my.host:\(gateway.fairway.httpPort)", "/sub/path?query=1", headers: [("x-some-header", "value")],
            body: method == "GET" ? nil : "hello")

        #expect(answer.status == 200)
        let echo = try #require(answer.echo)
        #expect(echo.name == "fallback")
        #expect(echo.method == method)
        #expect(echo.target == "/sub/path?query=1")
        #expect(echo.host == "my.host:\(gateway.fairway.httpPort)")
        #expect(echo.header("x-some-header") == "value")
        #expect(echo.header("x-forwarded-proto") == "http")
        #expect(echo.httpVersion == "1.1")
        #expect((echo.body.text ?? "") == (method == "GET" ? "" : "hello"))
    }
}
