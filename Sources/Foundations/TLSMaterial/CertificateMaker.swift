import FoundationEssentials
import SwiftASN1
import X509

/// Writes and signs certificates as RFC 5280 wants them.
enum CertificateMaker {
    struct Issuer: Sendable {
        var certificate: X509.Certificate
        var key: X509.Certificate.PrivateKey
    }

    private static let clockSkew: Int64 = 300

    /// - Parameter issuer: `nil` for a certificate that signs itself.
    static func make(
        _ request: CertificateRequest, key: X509.Certificate.PrivateKey, issuer: Issuer?, isAuthority: Bool, now: Int64
    ) throws(TLSMaterialError) -> IssuedCertificate {
        do {
            let subject = try subject(of: request)
            let end = now + request.validity.components.seconds
            let certificate = try X509.Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: key.publicKey,
                notValidBefore: Date(timeIntervalSince1970: Double(now - clockSkew)),
                notValidAfter: Date(timeIntervalSince1970: Double(end)),
                issuer: issuer?.certificate.subject ?? subject,
                subject: subject,
                extensions: try extensions(of: request, key: key, issuer: issuer, isAuthority: isAuthority),
                issuerPrivateKey: issuer?.key ?? key)
            return IssuedCertificate(
                chain: try certificate.serializeAsPEM().pemString + "\n",
                key: PrivateKeyPEM(try key.serializeAsPEM().pemString + "\n"))
        } catch {
            throw .generation("\(error)")
        }
    }

    private static func subject(of request: CertificateRequest) throws -> DistinguishedName {
        try DistinguishedName {
            for organization in request.organizations { OrganizationName(organization) }
            CommonName(request.commonName)
        }
    }

    private static func extensions(
        of request: CertificateRequest, key: X509.Certificate.PrivateKey, issuer: Issuer?, isAuthority: Bool
    ) throws -> X509.Certificate.Extensions {
        let names =
            request.dnsNames.map(GeneralName.dnsName)
            + request.ipAddresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let identifier = SubjectKeyIdentifier(hash: key.publicKey)
        let issuerIdentifier = try issuer?.certificate.extensions.subjectKeyIdentifier?.keyIdentifier
        return try X509.Certificate.Extensions {
            if isAuthority {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
            } else {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true, keyEncipherment: request.keyKind == .rsa2048))
                try ExtendedKeyUsage([request.usage == .server ? .serverAuth : .clientAuth])
            }
            if !names.isEmpty { SubjectAlternativeNames(names) }
            identifier
            AuthorityKeyIdentifier(keyIdentifier: issuerIdentifier ?? identifier.keyIdentifier)
        }
    }
}
