import SwiftASN1
import X509

/// Certificates to verify a peer against, as in `ca.crt`.
package struct TrustedCertificates: Hashable, Sendable {
    /// PEM, written anew from what was understood.
    package let pem: String

    package init(_ text: String, field: String = "ca.crt") throws(TLSMaterialError) {
        let certificates = try ServerCertificate.certificates(in: text, field: field)
        do {
            pem = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
        } catch {
            throw .malformedCertificate(field: field, position: 1)
        }
    }
}
