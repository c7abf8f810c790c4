import Crypto
import Foundation
import KubernetesModel
import NIOHTTP1
import TestSupport
import Testing

extension PolicyObjectTests {
    /// Each file of Examples/rate-limits applied as it is, and what it promises tried. They are all for the Ingress
    /// `shop` and the Service `api`, so each has a gateway of its own.
    @Suite(
        .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
        .serialized, .timeLimit(.minutes(5)))
    struct Examples {
        private static let host = "shop.limits.test"

        private static func shop(
            _ objects: [JSONValue] = [], _ body: @escaping @Sendable (Gateway) async throws -> Void
        ) async throws {
            let all = [Manifest.way("shop", from: host)] + objects
            try await Gateway.start(services: ["api"], objects: all, body)
        }

        /// Lets tests speak for many clients.
        private static let trusted = Manifest.clients("front", ["clientAddress": ["trustedHops": 1]])

        private static func from(_ client: String) -> [(String, String)] { [("x-forwarded-for", client)] }

        @Test func `per-client: 20 at once and 100 a minute for each client`() async throws {
            try await Self.shop([Self.trusted]) { gateway in
                try await gateway.putExample("per-client")
                for client in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
                    let spent = try await gateway.untilRefused(Self.host) { _ in Self.from(client) }
                    #expect(spent.fits(burst: 20, rate: 100.0 / 60))
                    #expect(spent.refusal.headers.first(name: "ratelimit-policy") == #""per-client";q=100;w=60"#)
                }
            }
        }

        @Test func `login-protection: few tries for a client, and few for all of them`() async throws {
            try await Self.shop([Self.trusted]) { gateway in
                try await gateway.putExample("login-protection")
                let one = try await gateway.untilRefused(Self.host, "/login", method: "POST") { _ in
                    Self.from("192.0.2.1")
                }
                #expect(one.passed == 5)
                #expect(one.refusal.body == "Too many tries. Please wait.\n")
                #expect(!one.refusal.headers.contains(name: "ratelimit"))
                #expect(one.refusal.headers.contains(name: "retry-after"))
                #expect(try await gateway.get(Self.host, "/login", headers: Self.from("192.0.2.1")).status == 200)
                #expect(
                    try await gateway.send("POST", Self.host, "/login?again=1", headers: Self.from("192.0.2.1")).status
                        == 429)
                // An IPv6 client is its /48.
                let six = try await gateway.untilRefused(Self.host, "/login", method: "POST") {
                    Self.from("2001:db8:7:\($0)::1")
                }
                #expect(six.passed == 5)
                let all = try await gateway.untilRefused(Self.host, "/login", method: "POST") {
                    Self.from("198.51.\($0 / 250).\($0 % 250)")
                }
                #expect(all.passed >= 90 && all.passed < 400)
            }
        }

        @Test func `expensive-endpoints: a search costs ten, a report what it did`() async throws {
            try await Self.shop { gateway in
                try await gateway.putExample("expensive-endpoints")
                func key(_ name: String) -> [(String, String)] { [("x-api-key", name)] }
                let search = try await gateway.untilRefused(Self.host, "/search?q=a") { _ in key("one") }
                #expect(search.fits(burst: 10, rate: 1))
                #expect(try await gateway.get(Self.host, "/search", headers: key("two")).status == 200)
                #expect(try await gateway.get(Self.host, "/", headers: key("one")).status == 200)

                let report = "/v1/reports/sales?header=x-work-done:10000"
                let reports = try await gateway.untilRefused(Self.host, report) { _ in key("one") }
                // Each is charged when its answer has come, and the next may be quicker.
                #expect(reports.passed >= 10 && reports.passed < 40)
                #expect(try await gateway.get(Self.host, "/v1/reports", headers: key("two")).status == 200)
            }
        }

        @Test func `tenant-plans: what a verified token says, and one small budget for all without one`() async throws {
            try await Self.shop { gateway in
                try await gateway.putExample("tenant-plans")
                func bearer(_ token: String) -> [(String, String)] { [("authorization", "Bearer \(token)")] }
                let pro = try Self.token(#""tenant": "red", "plan": "pro""#)
                let small = try Self.token(#""tenant": "blue", "plan": "small""#)
                let enterprise = try Self.token(#""tenant": "green", "plan": "enterprise""#)

                let nobody = try await gateway.untilRefused(Self.host)
                #expect(nobody.fits(burst: 60, rate: 1))
                let tenant = try await gateway.untilRefused(Self.host) { _ in bearer(small) }
                #expect(tenant.fits(burst: 60, rate: 1))
                try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
                    for token in [pro, enterprise] {
                        for _ in 0..<100 {
                            let answer = try await connection.send(
                                "GET", "/", host: Self.host, headers: bearer(token))
                            #expect(answer.status == 200)
                        }
                    }
                }
                // A token that nobody signed says nothing: it draws on the budget of those without one.
                let forged =
                    pro.split(separator: ".").dropLast().joined(separator: ".") + "."
                    + String(repeating: "A", count: 86)
                let forger = try await gateway.untilRefused(Self.host) { _ in bearer(forged) }
                #expect(Double(forger.passed) < 60)
            }
        }

        @Test func `partner-exemptions: partners are not counted, whatever a stranger says`() async throws {
            try await Self.shop([Self.trusted]) { gateway in
                try await gateway.putExample("partner-exemptions")
                try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
                    for (client, path) in [("192.0.2.9", "/"), ("2001:db8:77:1::1", "/"), ("10.1.2.3", "/healthz")] {
                        for _ in 0..<40 {
                            let answer = try await connection.send(
                                "GET", path, host: Self.host, headers: Self.from(client))
                            #expect(answer.status == 200)
                        }
                    }
                    #expect(try await gateway.decisions("exempt", of: "public") == 120)
                    #expect(try await gateway.decisions("allowed", of: "public") == 0)
                    for (client, path) in [("10.1.2.3", "/"), ("192.0.2.9, 203.0.113.1", "/healthz")] {
                        _ = try await connection.send("GET", path, host: Self.host, headers: Self.from(client))
                    }
                    #expect(try await gateway.decisions("allowed", of: "public") == 2)
                }
            }
        }

        @Test func `shadow-rollout: counted and told, and nothing is refused`() async throws {
            try await Self.shop { gateway in
                try await gateway.putExample("shadow-rollout")
                try await HTTPConnection.open(port: gateway.fairway.httpPort) { connection in
                    try await eventually("something would have been refused") {
                        for _ in 0..<30 {
                            #expect(try await connection.send("GET", "/", host: Self.host).status == 200)
                        }
                        return try await gateway.decisions("shadowed", of: "per-client-new") > 0
                    }
                }
                #expect(try await gateway.decisions("limited", of: "per-client-new") == 0)
                #expect(try await gateway.fairway.fairway("limits").contains("per-client-new (shadow)"))
            }
        }

        @Test func `client-address: the balancer's preface, then the entries of trusted proxies`() async throws {
            try await Self.shop { gateway in
                try await gateway.putExample("client-address", kind: "clientpolicy", policy: "edge")
                try await eventually("only a preface opens a connection", every: .milliseconds(100)) {
                    try await gateway.raw("", Self.host) == ""
                }
                func preface(_ client: String) -> String { "PROXY TCP4 \(client) 192.0.2.9 1111 80\r\n" }
                let trusted = try await gateway.raw(
                    preface("10.20.0.5"), Self.host, forwarded: "198.51.100.66, 203.0.113.9, 10.20.7.7")
                #expect(trusted == "200")
                try await eventually("the last entry that no trusted proxy wrote is the client") {
                    gateway.fairway.log.contains(#""client":"203.0.113.9""#)
                }
                #expect(try await gateway.raw(preface("198.51.100.9"), Self.host, forwarded: "203.0.113.77") == "200")
                try await eventually("a stranger is itself") {
                    gateway.fairway.log.contains(#""client":"198.51.100.9""#)
                }
                #expect(!gateway.fairway.log.contains(#""client":"203.0.113.77""#))
            }
        }

        /// A token as the issuer of the example would give it. The example's key is the published one of RFC 8037,
        /// appendix A, so everybody has its private half.
        private static func token(_ claims: String) throws -> String {
            let secret = try #require(base64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: secret)
            let head = text(Data(#"{"alg": "EdDSA", "kid": "example", "typ": "JWT"}"#.utf8))
            let fields = #"{"iss": "https://login.example.com", "aud": "api", "exp": 32503680000, \#(claims)}"#
            let signed = "\(head).\(text(Data(fields.utf8)))"
            return "\(signed).\(text(try key.signature(for: Data(signed.utf8))))"
        }

        private static func text(_ data: Data) -> String {
            data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
        }

        private static func base64(_ text: String) -> Data? {
            let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
            return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
        }
    }
}
