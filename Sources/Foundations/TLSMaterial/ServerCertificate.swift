import Crypto
import FoundationEssentials
import SwiftASN1
import X509
import _CryptoExtras

/// A server's certificate chain and key that a TLS server will take: well-formed, of a supported kind, and belonging
/// together.
///
/// What it holds is written anew from what was understood, so that nothing unread reaches the proxy. Times are seconds
/// since 1970.
package struct ServerCertificate: Hashable, Sendable {
    package enum KeyKind: Hashable, Sendable {
        case rsa(bits: Int)
        case ecdsa(curve: String)
    }

    /// PEM, the server's own certificate first.
    package let chain: String
    /// PEM, as PKCS#8 for elliptic curves and PKCS#1 for RSA.
    package let key: PrivateKeyPEM
    package let keyKind: KeyKind
    /// Lower case, as in the certificate's subject alternative names; wildcards as `*.example.com`.
    package let dnsNames: [String]
    package let notBefore: Int64
    package let notAfter: Int64
    /// What is wrong with the chain itself, whenever and for whomever it is served.
    package let chainWarnings: [CertificateWarning]

    package static let maxCertificates = 16

    /// Reads the two halves of a TLS Secret.
    package init(chain chainText: String, key keyText: String) throws(TLSMaterialError) {
        var certificates = try Self.certificates(in: chainText, field: "tls.crt")
        let (key, kind) = try Self.privateKey(in: keyText)
        var warnings: [CertificateWarning] = []
        // The key says which certificate is the server's own, even where someone joined the files the wrong way round.
        guard let own = certificates.firstIndex(where: { $0.publicKey == key.publicKey }) else { throw .keyMismatch }
        if own != 0 {
            certificates.insert(certificates.remove(at: own), at: 0)
            warnings.append(.leafNotFirst)
        }
        for (position, pair) in zip(certificates, certificates.dropFirst()).enumerated()
        where pair.0.issuer != pair.1.subject {
            warnings.append(.brokenChain(position: position + 1))
            break
        }
        let leaf = certificates[0]
        // RFC 7633. The proxy refuses such a certificate when it comes without an OCSP answer.
        guard leaf.extensions[oid: [1, 3, 6, 1, 5, 5, 7, 1, 24]] == nil else { throw .mustStaple }
        do {
            chain = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
            self.key = PrivateKeyPEM(try key.serializeAsPEM().pemString + "\n")
        } catch {
            throw .malformedCertificate(field: "tls.crt", position: 1)
        }
        keyKind = kind
        dnsNames = Self.dnsNames(of: leaf)
        notBefore = Int64(leaf.notValidBefore.timeIntervalSince1970)
        notAfter = Int64(leaf.notValidAfter.timeIntervalSince1970)
        chainWarnings = warnings
    }

    /// Reads PEM certificates, and nothing else, from a text.
    static func certificates(in text: String, field: String) throws(TLSMaterialError) -> [X509.Certificate] {
        let blocks = try PEMText(text, field: field).blocks.filter {
            $0.label == "CERTIFICATE" || $0.label == "X509 CERTIFICATE" || $0.label == "TRUSTED CERTIFICATE"
        }
        guard !blocks.isEmpty else { throw .noCertificate(field: field) }
        guard blocks.count <= maxCertificates else { throw .tooManyBlocks(field: field, limit: maxCertificates) }
        var certificates: [X509.Certificate] = []
        for (index, block) in blocks.enumerated() {
            do {
                certificates.append(try X509.Certificate(derEncoded: block.der))
            } catch CryptoKitError.incorrectParameterSize {
                throw .weakKey(field: field)
            } catch {
                throw .malformedCertificate(field: field, position: index + 1)
            }
        }
        return certificates
    }

    private static func privateKey(
        in text: String
    ) throws(TLSMaterialError) -> (X509.Certificate.PrivateKey, KeyKind) {
        let field = "tls.key"
        let blocks = try PEMText(text, field: field).blocks
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else { throw .noKey(field: field) }
        guard block.label != "ENCRYPTED PRIVATE KEY" else { throw .encryptedKey(field: field) }
        let key: X509.Certificate.PrivateKey
        do {
            key = try X509.Certificate.PrivateKey(
                pemDocument: PEMDocument(type: block.label, derBytes: block.der))
        } catch CryptoKitError.incorrectParameterSize {
            throw .weakKey(field: field)
        } catch is CertificateError {
            throw .unsupportedKey(field: field)
        } catch {
            throw .malformedKey(field: field)
        }
        guard let kind = keyKind(of: key.publicKey) else { throw .unsupportedKey(field: field) }
        return (key, kind)
    }

    private static func keyKind(of key: X509.Certificate.PublicKey) -> KeyKind? {
        if P256.Signing.PublicKey(key) != nil { return .ecdsa(curve: "P-256") }
        if P384.Signing.PublicKey(key) != nil { return .ecdsa(curve: "P-384") }
        if P521.Signing.PublicKey(key) != nil { return .ecdsa(curve: "P-521") }
        if let rsa = _RSA.Signing.PublicKey(key) { return .rsa(bits: rsa.keySizeInBits) }
        return nil
    }

    private static func dnsNames(of leaf: X509.Certificate) -> [String] {
        // Unreadable alternative names are as good as none: no client will accept the certificate by name.
        guard let names = try? leaf.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            if case .dnsName(let text) = name { text.lowercased() } else { nil }
        }
    }
}
