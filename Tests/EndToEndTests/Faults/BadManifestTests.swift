import Foundation
import KubernetesModel
import TLSMaterial
import TestSupport
import Testing

/// What is wrong in a folder of manifests is told with its place and reason, and costs nobody else anything.
@Suite(
    .gateway(services: ["steady"], objects: [Manifest.route("steady", "steady.test", to: "steady")]),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(2)))
struct BadManifestTests {
    /// Puts a bad file beside a good one, waits for the words about the bad one and for the good one's route, and has
    /// the healthy route answer all the while.
    private func expect(
        _ name: String, _ bad: String, isToldAs texts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let fairway = try Gateway.current.fairway
        let load = Load()
        try await load.during([Load.Stream(host: "steady.test", port: fairway.httpPort, backends: "steady")]) {
            try fairway.write("\(name)-bad.yaml", bad)
            try fairway.write(
                "\(name)-good.yaml", Manifest.text([Manifest.route("\(name)-good", "\(name).test", to: "steady")]))
            try await fairway.wait("\(name).test")
            do {
                try await eventually("the trouble with \(name) is told") {
                    fairway.log.text.split(separator: "\n").contains { line in texts.allSatisfy { line.contains($0) } }
                }
            } catch is DeadlineExceeded {
                Issue.record("nothing said \(texts):\n\(fairway.log.text.suffix(4000))", sourceLocation: sourceLocation)
            }
        }
        #expect(load.failures.isEmpty, "\(load.failures.prefix(5))", sourceLocation: sourceLocation)
    }

    @Test func `Text that is not YAML`() async throws {
        try await expect(
            "malformed", "apiVersion: v1\nkind: Service\nmetadata: {name: [}\n",
            isToldAs: "manifest refused", "malformed-bad.yaml", "not YAML")
    }

    @Test func `A document beside broken ones in the same file`() async throws {
        let good = Manifest.text([Manifest.route("beside", "beside-inner.test", to: "steady")])
        try await expect(
            "beside", "a: b: c\n\(good)---\n- 1\n", isToldAs: "manifest refused", "beside-bad.yaml")
        try await Gateway.current.fairway.wait("beside-inner.test")
    }

    @Test func `A kind that nobody knows`() async throws {
        try await expect(
            "unknown", "apiVersion: example.com/v1\nkind: Teapot\nmetadata: {name: pot}\n",
            isToldAs: "manifest refused", "unknown-bad.yaml", "Teapot")
    }

    @Test func `An object that the API server refuses`() async throws {
        try await expect(
            "invalid",
            Manifest.text([
                Manifest.ingress("invalid", [Manifest.Rule("invalid.test", [.prefix("relative", "steady")])])
            ]),
            isToldAs: "manifest refused", "invalid-bad.yaml", "spec.rules[0].http.paths[0].path")
    }

    @Test func `An annotation of ten megabytes`() async throws {
        try await expect(
            "huge",
            Manifest.text([
                Manifest.route(
                    "huge", "huge-inner.test", to: "steady",
                    annotations: ["example.com/text": String(repeating: "x", count: 10 << 20)])
            ]),
            isToldAs: "manifest refused", "huge-bad.yaml")
    }

    @Test func `A Secret without a key, and one with an empty key`() async throws {
        let chain = try CertificateAuthority.forTests().issue("half.test").chain
        let gateway = try Gateway.current
        try await expect(
            "half",
            Manifest.text([
                Manifest.secret("none", type: "kubernetes.io/tls", ["tls.crt": chain]),
                Manifest.tlsSecret("half", certificate: chain, key: ""),
                Manifest.ingress(
                    "half", [Manifest.Rule("half-inner.test", [.prefix("/", "steady")])],
                    tls: [(hosts: ["half-inner.test"], secret: "half")]),
            ]), isToldAs: "manifest refused", "Secret default/none", "tls.key")
        // The route is served all the same; what is missing stands on the Ingress.
        try await gateway.wait("half-inner.test")
        try await gateway.expectEvent(
            of: "half", "InvalidCertificate", saying: "spec.tls[0]", "default/half", "tls.key")
    }
}
