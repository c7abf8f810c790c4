import TestSupport
import Testing

@testable import TLSMaterial

@Suite struct ServerCertificateTests {
    static let now: Int64 = 1_790_000_000

    static func issued(
        _ names: [String], kind: CertificateRequest.KeyKind = .p256, validity: Duration = .seconds(86_400)
    ) throws -> IssuedCertificate {
        try SelfSigned.certificate(
            CertificateRequest(commonName: "test", dnsNames: names, keyKind: kind, validity: validity), now: now)
    }

    static func error(chain: String, key: String) -> TLSMaterialError? {
        do {
            _ = try ServerCertificate(chain: chain, key: key)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (CertificateRequest.KeyKind.p256, ServerCertificate.KeyKind.ecdsa(curve: "P-256")),
        (.p384, .ecdsa(curve: "P-384")), (.p521, .ecdsa(curve: "P-521")), (.rsa2048, .rsa(bits: 2048)),
    ])
    func `every supported kind of key is read back`(
        kind: CertificateRequest.KeyKind, expected: ServerCertificate.KeyKind
    ) throws {
        let pair = try Self.issued(["A.example"], kind: kind)
        let read = try ServerCertificate(chain: pair.chain, key: pair.key.text)
        #expect(read.keyKind == expected)
        #expect(read.dnsNames == ["a.example"])
        #expect(read.chainWarnings.isEmpty)
        #expect(read.warnings(for: "a.example", now: Self.now).isEmpty)
        #expect(read.notAfter == Self.now + 86_400)
    }

    @Test func `reading what was written changes nothing`() throws {
        let pair = try Self.issued(["a.example"])
        let first = try ServerCertificate(chain: pair.chain, key: pair.key.text)
        let second = try ServerCertificate(chain: first.chain, key: first.key.text)
        #expect(first == second)
    }

    @Test func `a key of another certificate is refused`() throws {
        let one = try Self.issued(["a.example"])
        let other = try Self.issued(["a.example"])
        #expect(Self.error(chain: one.chain, key: other.key.text) == .keyMismatch)
        #expect("\(TLSMaterialError.keyMismatch)" == "tls.key does not belong to the certificate in tls.crt")
    }

    @Test func `OpenSSL's older forms are read`() throws {
        let read = try ServerCertificate(chain: Fixtures.sec1Chain, key: Fixtures.sec1Key)
        #expect(read.dnsNames == ["sec1.example"])
        #expect(read.chain.hasPrefix("-----BEGIN CERTIFICATE-----\n"))
        let dosLines = Fixtures.sec1Chain.split(separator: "\n").joined(separator: " \r\n")
        #expect(try ServerCertificate(chain: dosLines, key: Fixtures.sec1Key) == read)
    }

    @Test func `what the proxy would refuse is refused with its reason`() throws {
        let good = try Self.issued(["a.example"])
        #expect(Self.error(chain: Fixtures.weakChain, key: Fixtures.weakKey) == .weakKey(field: "tls.crt"))
        #expect(Self.error(chain: good.chain, key: Fixtures.weakKey) == .weakKey(field: "tls.key"))
        #expect(Self.error(chain: Fixtures.ed25519Chain, key: Fixtures.ed25519Key) == .unsupportedKey(field: "tls.key"))
        #expect(Self.error(chain: Fixtures.stapleChain, key: Fixtures.stapleKey) == .mustStaple)
        #expect(Self.error(chain: good.chain, key: Fixtures.encryptedKey) == .encryptedKey(field: "tls.key"))
        #expect(Self.error(chain: good.key.text, key: good.key.text) == .noCertificate(field: "tls.crt"))
        #expect(Self.error(chain: good.chain, key: good.chain) == .noKey(field: "tls.key"))
        #expect(
            Self.error(chain: "", key: good.key.text) == .notPEM(field: "tls.crt", reason: "it has no BEGIN line"))
    }

    @Test func `broken PEM is refused`() throws {
        let good = try Self.issued(["a.example"])
        let cut = String(good.chain.prefix(200))
        #expect(
            Self.error(chain: cut, key: good.key.text)
                == .notPEM(field: "tls.crt", reason: "a block has no END line"))
        let garbled = good.chain.replacing("M", with: "!", maxReplacements: 1)
        #expect(
            Self.error(chain: garbled, key: good.key.text)
                == .notPEM(field: "tls.crt", reason: "a block is not base64"))
        let notDER = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        #expect(
            Self.error(chain: good.chain + notDER, key: good.key.text)
                == .malformedCertificate(field: "tls.crt", position: 2))
    }

    @Test func `sizes are bounded`() throws {
        let good = try Self.issued(["a.example"])
        let long = String(repeating: "x", count: PEMText.maxBytes + 1)
        #expect(Self.error(chain: long, key: "") == .tooLong(field: "tls.crt", limit: PEMText.maxBytes))
        let many = String(repeating: good.chain, count: 17)
        #expect(Self.error(chain: many, key: good.key.text) == .tooManyBlocks(field: "tls.crt", limit: 16))
    }

    @Test func `a chain in the wrong order is served in the right one with a warning`() throws {
        let authority = try CertificateAuthority(commonName: "root", now: Self.now)
        let leaf = try authority.issue(CertificateRequest(commonName: "a", dnsNames: ["a.example"]), now: Self.now)
        let right = try ServerCertificate(chain: leaf.chain + authority.certificate, key: leaf.key.text)
        #expect(right.chainWarnings.isEmpty)
        let wrong = try ServerCertificate(chain: authority.certificate + leaf.chain, key: leaf.key.text)
        #expect(wrong.chainWarnings == [.leafNotFirst])
        #expect(wrong.chain == right.chain)
        let stranger = try CertificateAuthority(commonName: "stranger", now: Self.now)
        let broken = try ServerCertificate(chain: leaf.chain + stranger.certificate, key: leaf.key.text)
        #expect(broken.chainWarnings == [.brokenChain(position: 1)])
    }

    @Test func `time and name are warnings, not refusals`() throws {
        let pair = try Self.issued(["*.example", "b.test"], validity: .seconds(100))
        let read = try ServerCertificate(chain: pair.chain, key: pair.key.text)
        #expect(read.warnings(for: nil, now: Self.now + 101) == [.expired(at: Self.now + 100)])
        #expect(read.warnings(for: nil, now: Self.now - 301) == [.notYetValid(until: Self.now - 300)])
        #expect(
            read.warnings(for: "c.test", now: Self.now).map(\.description)
                == ["the certificate does not cover c.test: its names are *.example, b.test"])
        #expect(
            "\(CertificateWarning.expired(at: 1_700_000_000))" == "the certificate expired at 2023-11-14 22:13:20 UTC")
    }

    @Test(arguments: [
        ("a.example.com", true), ("A.Example.COM", true), ("example.com", false), ("a.b.example.com", false),
        ("*.example.com", true), ("*.com", false), (".example.com", false), ("exact.test", true), ("*.test", false),
        ("*.*.example.com", false),
    ])
    func `a wildcard covers exactly one label`(host: String, isCovered: Bool) throws {
        let pair = try Self.issued(["*.example.com", "exact.test"])
        #expect(try ServerCertificate(chain: pair.chain, key: pair.key.text).covers(host) == isCovered)
    }

    @Test func `a key does not print itself`() throws {
        let pair = try Self.issued(["a.example"])
        var text = ""
        dump(pair, to: &text)
        #expect(!text.contains("PRIVATE KEY"))
        #expect(!"\(pair)".contains("PRIVATE KEY"))
    }

    @Test(arguments: 0..<200)
    func `random damage never crashes the reader`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var chain = Array(Fixtures.sec1Chain.utf8)
        var key = Array(Fixtures.sec1Key.utf8)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            chain[Int.random(in: 0..<chain.count, using: &generator)] = .random(in: 0...127, using: &generator)
            key[Int.random(in: 0..<key.count, using: &generator)] = .random(in: 0...127, using: &generator)
        }
        _ = Self.error(chain: String(decoding: chain, as: UTF8.self), key: Fixtures.sec1Key)
        let refused = Self.error(chain: Fixtures.sec1Chain, key: String(decoding: key, as: UTF8.self))
        if let refused { #expect(!refused.description.isEmpty) }
    }
}
