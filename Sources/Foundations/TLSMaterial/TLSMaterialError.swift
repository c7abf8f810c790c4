/// Why a certificate or key cannot be used: Envoy would refuse it, and with it whatever stands in the same update.
///
/// Fields are called as in a Kubernetes TLS Secret: `tls.crt`, `tls.key`, `ca.crt`.
package enum TLSMaterialError: Error, Hashable, Sendable {
    case tooLong(field: String, limit: Int)
    case tooManyBlocks(field: String, limit: Int)
    case notPEM(field: String, reason: String)
    case noCertificate(field: String)
    case malformedCertificate(field: String, position: Int)
    case noKey(field: String)
    case encryptedKey(field: String)
    case malformedKey(field: String)
    case weakKey(field: String)
    case unsupportedKey(field: String)
    case keyMismatch
    case mustStaple
    case generation(String)
}

extension TLSMaterialError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLong(let field, let limit): "\(field) is longer than \(limit) bytes"
        case .tooManyBlocks(let field, let limit): "\(field) has more than \(limit) PEM blocks"
        case .notPEM(let field, let reason): "\(field) is not PEM: \(reason)"
        case .noCertificate(let field): "\(field) has no CERTIFICATE block"
        case .malformedCertificate(let field, let position):
            "certificate \(position) in \(field) is malformed, or its key is of a kind that is not supported"
        case .noKey(let field): "\(field) has no PRIVATE KEY block"
        case .encryptedKey(let field): "the key in \(field) is protected by a passphrase; store it without one"
        case .malformedKey(let field): "the key in \(field) is malformed"
        case .weakKey(let field): "\(field) has an RSA key of less than 2048 bits; use 2048 or more"
        case .unsupportedKey(let field):
            "the key in \(field) is of a kind that is not supported; use RSA, or ECDSA with P-256, P-384 or P-521"
        case .keyMismatch: "tls.key does not belong to the certificate in tls.crt"
        case .mustStaple:
            "the certificate demands a stapled OCSP answer (must-staple), which is not supported; issue one without"
        case .generation(let step): "cannot make a certificate: \(step)"
        }
    }
}
