import FoundationEssentials
import KubernetesModel
import TLSMaterial

/// The parts of a Secret that may matter here, read when first asked for. Everything else of it is not kept.
struct SecretUnit: Sendable {
    struct Fault: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    static let tlsType = "kubernetes.io/tls"

    private let type: String?
    private let chain: SecretValue?
    private let key: SecretValue?
    private let authorities: SecretValue?

    init(_ secret: Secret) {
        type = secret.type
        chain = secret.data?["tls.crt"]
        key = secret.data?["tls.key"]
        authorities = secret.data?["ca.crt"]
    }

    /// The certificate of a TLS Secret.
    func serverCertificate() -> Result<ServerCertificate, Fault> {
        guard type == Self.tlsType else {
            return .failure(Fault(description: "its type is \(type?.clipped ?? "Opaque"), not \(Self.tlsType)"))
        }
        do throws(Fault) {
            let chain = try Self.text(chain, field: "tls.crt")
            let key = try Self.text(key, field: "tls.key")
            do throws(TLSMaterialError) {
                return .success(try ServerCertificate(chain: chain, key: key))
            } catch {
                throw Fault(description: "\(error)")
            }
        } catch {
            return .failure(error)
        }
    }

    /// The authorities in `ca.crt`.
    var trust: Result<TrustedCertificates, Fault> {
        do throws(Fault) {
            let text = try Self.text(authorities, field: "ca.crt")
            do throws(TLSMaterialError) {
                return .success(try TrustedCertificates(text))
            } catch {
                throw Fault(description: "\(error)")
            }
        } catch {
            return .failure(error)
        }
    }

    private static func text(_ value: SecretValue?, field: String) throws(Fault) -> String {
        guard let value else { throw Fault(description: "it has no \(field)") }
        guard let data = Data(base64Encoded: value.base64) else {
            throw Fault(description: "\(field) is not base64")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
