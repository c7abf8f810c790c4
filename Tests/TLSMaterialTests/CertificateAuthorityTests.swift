import SwiftASN1
import Testing
import X509

@testable import TLSMaterial

@Suite struct CertificateAuthorityTests {
    static let now: Int64 = 1_790_000_000

    @Test func `an authority's certificates are signed by it and say what was asked`() throws {
        let authority = try CertificateAuthority(commonName: "root", now: Self.now)
        let request = CertificateRequest(
            commonName: "admin", organizations: ["system:masters"], dnsNames: ["a.example"],
            ipAddresses: [[127, 0, 0, 1]], usage: .client)
        let issued = try authority.issue(request, now: Self.now)
        let leaf = try X509.Certificate(pemEncoded: issued.chain)
        let root = try X509.Certificate(pemEncoded: authority.certificate)
        #expect(root.publicKey.isValidSignature(leaf.signature, for: leaf))
        #expect(leaf.issuer == root.subject)
        #expect("\(leaf.subject)".contains("O=system:masters"))
        #expect(try leaf.extensions.subjectAlternativeNames?.count == 2)
        #expect(try leaf.extensions.extendedKeyUsage?.contains(.clientAuth) == true)
        #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
        #expect(
            try leaf.extensions.authorityKeyIdentifier?.keyIdentifier
                == root.extensions.subjectKeyIdentifier?.keyIdentifier)
    }

    @Test func `a stored authority goes on issuing`() throws {
        let first = try CertificateAuthority(commonName: "root", now: Self.now)
        let stored = try CertificateAuthority(certificate: first.certificate, key: first.key)
        let leaf = try X509.Certificate(pemEncoded: stored.issue(.init(commonName: "a"), now: Self.now).chain)
        let root = try X509.Certificate(pemEncoded: first.certificate)
        #expect(root.publicKey.isValidSignature(leaf.signature, for: leaf))
    }

    @Test func `halves that do not belong together are no authority`() throws {
        let one = try CertificateAuthority(commonName: "root", now: Self.now)
        let other = try CertificateAuthority(commonName: "root", now: Self.now)
        #expect(throws: TLSMaterialError.keyMismatch) {
            try CertificateAuthority(certificate: one.certificate, key: other.key)
        }
    }

    @Test func `trusted certificates are read and checked`() throws {
        let one = try CertificateAuthority(commonName: "one", now: Self.now)
        let two = try CertificateAuthority(commonName: "two", now: Self.now)
        let both = try TrustedCertificates("# one\n\(one.certificate)\n# two\n\(two.certificate)")
        #expect(both.pem == one.certificate + two.certificate)
        #expect(throws: TLSMaterialError.notPEM(field: "ca.crt", reason: "it has no BEGIN line")) {
            try TrustedCertificates("nothing")
        }
    }
}
