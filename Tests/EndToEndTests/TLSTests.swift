import Foundation
import KubernetesModel
import NIOSSL
import TLSMaterial
import TestSupport
import Testing

/// Which certificate a client is shown, and what happens when it changes or breaks.
@Suite(
    .gateway(services: ["a", "b"]), .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(3)))
struct TLSTests {
    private func handshake(
        _ gateway: Gateway, _ name: String?, _ configuration: TLSConfiguration = .trustingAnyone
    ) async throws -> TLSHandshake {
        try await TLSHandshake.perform(
            port: gateway.fairway.httpsPort, serverName: name, configuration: configuration)
    }

    private func waitForCertificate(
        _ gateway: Gateway, _ name: String, _ issued: IssuedCertificate
    ) async throws {
        let leaf = try issued.leaf
        try await eventually("\(name) shows its certificate") {
            // Between two certificates a handshake may fail only if the test is about to.
            try await handshake(gateway, name).certificate == leaf
        }
    }

    private func ingress(_ name: String, _ hosts: [String], secret: String?, _ service: String = "a") -> JSONValue {
        Manifest.ingress(
            name, hosts.map { Manifest.Rule($0, [.prefix("/", service)]) }, tls: [(hosts, secret)])
    }

    @Test func `Each server name gets its own certificate, ECDSA or RSA, exact or wildcard`() async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let certificates = try [
            "ecdsa.tls.test": authority.issue("ecdsa.tls.test"),
            "p384.tls.test": authority.issue("p384.tls.test", keyKind: .p384),
            "rsa.tls.test": authority.issue("rsa.tls.test", keyKind: .rsa2048),
            "*.wild.tls.test": authority.issue("*.wild.tls.test"),
        ]
        var objects: [JSONValue] = []
        for (host, certificate) in certificates {
            let name = host.replacingOccurrences(of: "*", with: "any").replacingOccurrences(of: ".", with: "-")
            objects += [Manifest.tlsSecret(name, certificate), ingress(name, [host], secret: name)]
        }
        try await gateway.fairway.apply(objects)

        let trusting = try TLSConfiguration.trusting(authority)
        for (host, certificate) in certificates {
            let name = host.replacingOccurrences(of: "*", with: "one")
            try await waitForCertificate(gateway, name, certificate)
            try await gateway.wait(name)
            #expect(try await gateway.get(name, tls: trusting, serverName: name).echo?.name == "a")
        }
        let upper = try await handshake(gateway, "ECDSA.tls.TEST")
        #expect(try upper.certificate == certificates["ecdsa.tls.test"]?.leaf)
        // One label only: the wildcard does not stand for two.
        let deeper = try await handshake(gateway, "two.one.wild.tls.test")
        #expect(try deeper.certificate != certificates["*.wild.tls.test"]?.leaf)
    }

    @Test func `The default certificate answers unknown names and clients without a name`() async throws {
        let gateway = try Gateway.current
        let authority = try String(contentsOfFile: gateway.fairway.dataDirectory + "/ca.crt", encoding: .utf8)
        var trusting = TLSConfiguration.makeClientConfiguration()
        trusting.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))

        let localhost = try await handshake(gateway, "localhost", trusting)
        let unknown = try await handshake(gateway, "unknown.tls.test")
        let strange = try await handshake(gateway, "under_score.tls.test")
        let nameless = try await handshake(gateway, nil)

        let certificate = try #require(localhost.certificate)
        #expect(unknown.certificate == certificate)
        #expect(strange.certificate == certificate)
        #expect(nameless.certificate == certificate)
    }

    @Test func `TLS 1.2 and 1.3 are spoken, and nothing older`() async throws {
        let gateway = try Gateway.current
        func configuration(_ least: TLSVersion, _ most: TLSVersion) -> TLSConfiguration {
            var configuration = TLSConfiguration.trustingAnyone
            configuration.minimumTLSVersion = least
            configuration.maximumTLSVersion = most
            return configuration
        }
        let modern = try await handshake(gateway, "localhost", configuration(.tlsv12, .tlsv13))
        #expect(modern.version == .tlsv13)
        let older = try await handshake(gateway, "localhost", configuration(.tlsv12, .tlsv12))
        #expect(older.version == .tlsv12)
        await #expect(throws: (any Error).self) {
            try await handshake(gateway, "localhost", configuration(.tlsv1, .tlsv11))
        }
    }

    @Test func `ALPN settles on h2 where the client has it, else on http/1.1`() async throws {
        let gateway = try Gateway.current
        func settled(_ offers: [String]) async throws -> String? {
            var configuration = TLSConfiguration.trustingAnyone
            configuration.applicationProtocols = offers
            return try await handshake(gateway, "localhost", configuration).alpn
        }
        #expect(try await settled(["http/1.1", "h2"]) == "h2")
        #expect(try await settled(["http/1.1"]) == "http/1.1")
        #expect(try await settled(["spdy/3"]) == nil)
    }

    @Test func `A renewed Secret serves new handshakes and leaves open connections alone`() async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let host = "renewed.tls.test"
        let (old, new) = try (authority.issue(host), authority.issue(host))
        try await gateway.serve(
            [Manifest.tlsSecret("renewed", old), ingress("renewed", [host], secret: "renewed")], until: host)
        try await waitForCertificate(gateway, host, old)
        let trusting = try TLSConfiguration.trusting(authority)
        let port = gateway.fairway.httpsPort

        try await HTTPConnection.open(port: port, serverName: host, tls: trusting) { connection in
            #expect(try await connection.send("GET", "/", host: host).status == 200)
            try await WebSocketConnection.open(port: port, host: host, tls: trusting) { socket in
                #expect(try await socket.echo("before") == "before")

                try await gateway.fairway.apply([Manifest.tlsSecret("renewed", new)])
                try await waitForCertificate(gateway, host, new)

                #expect(try await socket.echo("after") == "after")
            }
            #expect(try await connection.send("GET", "/", host: host).status == 200)
            #expect(try await connection.peerCertificate == old.leaf)
        }
    }

    struct BrokenSecret: Sendable, CustomTestStringConvertible {
        var name: String
        var reason: String
        var says: String
        var testDescription: String { name }
    }

    @Test(
        arguments: [
            BrokenSecret(name: "half", reason: "InvalidCertificate", says: "tls.key"),
            BrokenSecret(name: "mismatched", reason: "InvalidCertificate", says: "key"),
            BrokenSecret(name: "garbage", reason: "InvalidCertificate", says: "tls.crt"),
            BrokenSecret(name: "opaque", reason: "InvalidCertificate", says: "kubernetes.io/tls"),
            BrokenSecret(name: "absent", reason: "SecretNotFound", says: "there is no such Secret"),
        ])
    func `A Secret that cannot be served is told, and its hosts get the default certificate`(
        broken: BrokenSecret
    ) async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let host = "\(broken.name).brokentls.test"
        let (good, other) = try (authority.issue(host), authority.issue(host))
        let secret = "broken-\(broken.name)"
        let objects: [JSONValue] =
            switch broken.name {
            case "half": [Manifest.secret(secret, type: "kubernetes.io/tls", ["tls.crt": good.chain, "tls.key": ""])]
            case "mismatched": [Manifest.tlsSecret(secret, certificate: good.chain, key: other.key.text)]
            case "garbage": [Manifest.tlsSecret(secret, certificate: "no certificate", key: good.key.text)]
            case "opaque": [Manifest.secret(secret, ["tls.crt": good.chain, "tls.key": good.key.text])]
            default: []
            }
        try await gateway.serve(objects + [ingress(secret, [host], secret: secret)], until: host)

        let fallback = try await handshake(gateway, "localhost").certificate
        #expect(try await handshake(gateway, host).certificate == fallback)
        #expect(try await gateway.get(host, tls: .trustingAnyone, serverName: host).echo?.name == "a")
        try await gateway.expectEvent(of: secret, broken.reason, saying: "spec.tls[0].secretName", secret, broken.says)
    }

    @Test func `An expired certificate and one for another name are served all the same, and told`() async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let (expired, misnamed) = ("expired.tls.test", "misnamed.tls.test")
        let old = try authority.issue(expired, age: 30 * 86_400)
        let wrong = try authority.issue("somebody-else.tls.test")
        try await gateway.serve(
            [
                Manifest.tlsSecret("expired", old), ingress("expired", [expired], secret: "expired"),
                Manifest.tlsSecret("misnamed", wrong), ingress("misnamed", [misnamed], secret: "misnamed"),
            ], until: misnamed)

        try await waitForCertificate(gateway, expired, old)
        try await waitForCertificate(gateway, misnamed, wrong)
        try await gateway.expectEvent(of: "expired", "CertificateExpired", saying: "spec.tls[0].secretName", "expired")
        try await gateway.expectEvent(
            of: "misnamed", "CertificateNameMismatch", saying: misnamed, "somebody-else.tls.test")
    }

    @Test func `A Secret that breaks or goes is served as it last was good`() async throws {
        let gateway = try Gateway.current
        let authority = try CertificateAuthority.forTests()
        let (host, neighbour) = ("breaking.tls.test", "neighbour.tls.test")
        let (good, renewed) = try (authority.issue(host), authority.issue(host))
        let other = try authority.issue(neighbour)
        try await gateway.serve(
            [
                Manifest.tlsSecret("breaking", good), ingress("breaking", [host], secret: "breaking"),
                Manifest.tlsSecret("neighbour", other), ingress("neighbour", [neighbour], secret: "neighbour"),
            ], until: neighbour)
        try await waitForCertificate(gateway, host, good)
        try await waitForCertificate(gateway, neighbour, other)

        try await gateway.fairway.apply([
            Manifest.tlsSecret("breaking", certificate: good.chain, key: other.key.text)
        ])
        try await gateway.expectEvent(
            of: "breaking", "InvalidCertificate", saying: "breaking", "last good certificate")
        #expect(try await handshake(gateway, host).certificate == good.leaf)
        try await gateway.fairway.delete("secret", "breaking")
        try await gateway.expectEvent(of: "breaking", "SecretNotFound", saying: "last good certificate")
        #expect(try await handshake(gateway, host).certificate == good.leaf)
        #expect(try await handshake(gateway, neighbour).certificate == other.leaf)

        try await gateway.fairway.apply([Manifest.tlsSecret("breaking", renewed)])
        try await waitForCertificate(gateway, host, renewed)
    }
}
