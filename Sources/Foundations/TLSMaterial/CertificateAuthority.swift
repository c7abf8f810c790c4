import Crypto
import FoundationEssentials
import SwiftASN1
import X509
import _CryptoExtras

/// A certificate with its key, both PEM.
package struct IssuedCertificate: Hashable, Sendable {
    package var chain: String
    package var key: PrivateKeyPEM

    package init(chain: String, key: PrivateKeyPEM) {
        self.chain = chain
        self.key = key
    }
}

/// What a certificate to be made shall say.
package struct CertificateRequest: Hashable, Sendable {
    package enum KeyKind: Hashable, Sendable {
        case p256
        case p384
        case p521
        case rsa2048
    }

    package enum Usage: Hashable, Sendable {
        case server
        case client
    }

    package var commonName: String
    /// Kubernetes reads groups from a client certificate's organizations.
    package var organizations: [String]
    package var dnsNames: [String]
    /// Each 4 or 16 bytes in network order.
    package var ipAddresses: [[UInt8]]
    package var usage: Usage
    package var keyKind: KeyKind
    package var validity: Duration

    package init(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], ipAddresses: [[UInt8]] = [],
        usage: Usage = .server, keyKind: KeyKind = .p256, validity: Duration = .seconds(365 * 86_400)
    ) {
        self.commonName = commonName
        self.organizations = organizations
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
        self.usage = usage
        self.keyKind = keyKind
        self.validity = validity
    }
}

/// A certificate that vouches for itself, such as the one for hosts that brought none.
package enum SelfSigned {
    /// - Parameter now: seconds since 1970; the certificate is valid from five minutes before, for clocks that differ.
    package static func certificate(
        _ request: CertificateRequest, now: Int64
    ) throws(TLSMaterialError) -> IssuedCertificate {
        let key = try PrivateKeyMaker.make(request.keyKind)
        return try CertificateMaker.make(request, key: key, issuer: nil, isAuthority: false, now: now)
    }
}

/// An authority for development and tests: makes certificates that those who trust its own accept.
package struct CertificateAuthority: Sendable {
    /// The authority's own certificate, PEM, to be trusted by clients.
    package let certificate: String
    /// To be kept as secret as what it protects.
    package let key: PrivateKeyPEM
    private let signer: CertificateMaker.Issuer

    /// - Parameter now: seconds since 1970.
    package init(
        commonName: String, validity: Duration = .seconds(3650 * 86_400), now: Int64
    ) throws(TLSMaterialError) {
        let key = try PrivateKeyMaker.make(.p256)
        let request = CertificateRequest(commonName: commonName, validity: validity)
        let made = try CertificateMaker.make(request, key: key, issuer: nil, isAuthority: true, now: now)
        try self.init(certificate: made.chain, key: made.key)
    }

    /// Reads back an authority that was stored.
    package init(certificate: String, key: PrivateKeyPEM) throws(TLSMaterialError) {
        // Checks, too, that both belong together.
        let read = try ServerCertificate(chain: certificate, key: key.text)
        self.certificate = read.chain
        self.key = read.key
        do {
            signer = CertificateMaker.Issuer(
                certificate: try X509.Certificate(pemEncoded: read.chain),
                key: try X509.Certificate.PrivateKey(pemEncoded: read.key.text))
        } catch {
            throw .malformedCertificate(field: "the authority's certificate", position: 1)
        }
    }

    /// - Parameter now: seconds since 1970.
    package func issue(_ request: CertificateRequest, now: Int64) throws(TLSMaterialError) -> IssuedCertificate {
        let key = try PrivateKeyMaker.make(request.keyKind)
        return try CertificateMaker.make(request, key: key, issuer: signer, isAuthority: false, now: now)
    }
}

enum PrivateKeyMaker {
    static func make(_ kind: CertificateRequest.KeyKind) throws(TLSMaterialError) -> X509.Certificate.PrivateKey {
        switch kind {
        case .p256: return .init(P256.Signing.PrivateKey())
        case .p384: return .init(P384.Signing.PrivateKey())
        case .p521: return .init(P521.Signing.PrivateKey())
        case .rsa2048:
            do {
                return .init(try _RSA.Signing.PrivateKey(keySize: .bits2048))
            } catch {
                throw .generation("no RSA key: \(error)")
            }
        }
    }
}
