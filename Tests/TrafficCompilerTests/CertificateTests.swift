import KubernetesModel
import Testing
import TrafficPlan

@testable import TrafficCompiler

@Suite struct CertificateTests {
    static let host = Hostname("a.example")

    static func compiler() throws -> TrafficCompiler {
        var compiler = Fixture.compiler()
        let tls = [Ingress.TLS(hosts: ["a.example"], secretName: "tls")]
        _ = compiler.apply(
            [
                try Fixture.secret("tls", names: "a.example"), Fixture.service("web"),
                Fixture.ingress("web", rules: [("a.example", [("/", "web")])], tls: tls),
            ], now: Fixture.now)
        return compiler
    }

    @Test func `the first call gives listeners and the default certificate, and only the first`() {
        var compiler = TrafficCompiler(settings: Fixture.settings())
        let first = compiler.apply([], now: Fixture.now)
        #expect(first.change.listeners.count == 2)
        #expect(first.change.certificates.count == 1)
        #expect(compiler.apply([], now: Fixture.now) == Compilation())
    }

    @Test func `a renewed Secret changes the certificate and nothing else`() throws {
        var compiler = try Self.compiler()
        let old = try #require(compiler.plan.certificates[Self.host])
        let result = compiler.apply([try Fixture.secret("tls", names: "a.example,b.example")], now: Fixture.now)
        #expect(Array(result.change.certificates.keys) == [Self.host])
        #expect(result.change.virtualHosts.isEmpty)
        #expect(result.recompiled.virtualHosts == 0)
        #expect(compiler.plan.certificates[Self.host] != old)
    }

    @Test func `a Secret that breaks or goes is served as it last was good`() throws {
        var compiler = try Self.compiler()
        let good = try #require(compiler.plan.certificates[Self.host])
        let broken = Secret(
            metadata: ObjectMeta(name: "tls", namespace: "default"), type: "kubernetes.io/tls",
            data: ["tls.crt": SecretValue(base64: "AAAA")])
        var result = compiler.apply([.secret(Fixture.name("tls"), broken)], now: Fixture.now)
        #expect(result.change.isEmpty)
        #expect(result.reasons == ["web": ["InvalidCertificate"]])
        result = compiler.apply([.secret(Fixture.name("tls"), nil)], now: Fixture.now)
        #expect(result.reasons == ["web": ["SecretNotFound"]])
        #expect(compiler.plan.certificates[Self.host] == good)

        // Another change of the Ingress does not lose it.
        let tls = [Ingress.TLS(hosts: ["a.example", "b.example"], secretName: "tls")]
        _ = compiler.apply(
            [Fixture.ingress("web", rules: [("a.example", [("/x", "web")])], tls: tls)], now: Fixture.now)
        #expect(compiler.plan.certificates[Self.host] == good)
        #expect(compiler.plan.certificates[Hostname("b.example")] == good)

        // When nothing names the Secret any more, it is forgotten.
        _ = compiler.apply([.ingress(Fixture.name("web"), nil)], now: Fixture.now)
        #expect(compiler.plan.certificates[Self.host] == nil)
        #expect(compiler.sources.isEmpty)
    }

    @Test func `a certificate that expires while it is served is told without any event`() throws {
        var compiler = try Self.compiler()
        let later = Timestamp(secondsSinceEpoch: TestCertificates.now + 86_400 * 90 + 1)
        let almost = Timestamp(secondsSinceEpoch: TestCertificates.now + 86_400 * 90)
        #expect(compiler.apply([], now: almost).reports.isEmpty)
        let result = compiler.apply([], now: later)
        #expect(result.reasons == ["web": ["CertificateExpired"]])
        #expect(result.change.isEmpty)
        #expect(compiler.apply([], now: later) == Compilation())
    }

    @Test func `an object of the plan leads back to the Ingresses it serves`() throws {
        let compiler = try Self.compiler()
        let web = [Fixture.name("web")]
        for kind in ["Ingress", "Service"] {
            #expect(compiler.ingresses(affectedBy: Origin(kind: kind, namespace: "default", name: "web")) == web)
        }
        #expect(compiler.ingresses(affectedBy: Origin(kind: "Secret", namespace: "default", name: "tls")) == web)
        #expect(compiler.ingresses(affectedBy: .builtIn).isEmpty)
    }
}
