import Foundation
import TLSMaterial
import TrafficPlan

/// The certificate of `fairway controller` for server names that no Ingress brings one for: made once and kept, so that
/// a restart does not change what clients were told to trust.
struct DefaultCertificate {
    private static let renewBefore: Int64 = 30 * 86_400

    private let path: String

    init(dataDirectory: String) { path = dataDirectory + "/default-certificate.pem" }

    /// The stored one, while it has a month left; else a new one, which is stored.
    func certificate() throws -> Certificate {
        let now = Int64(Date().timeIntervalSince1970)
        if let stored = stored(now: now) { return stored }
        let issued = try SelfSigned.certificate(
            CertificateRequest(commonName: "fairway default certificate", dnsNames: ["fairway.invalid"]), now: now)
        let draft = path + ".new"
        let text = issued.chain + issued.key.text
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            rename(draft, path) == 0
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
        return Certificate(chain: issued.chain, key: PrivateKey(pem: issued.key.text), origin: .builtIn)
    }

    /// `nil` also for one that cannot be read: a new one is as good.
    private func stored(now: Int64) -> Certificate? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let keyStart = text.range(of: "-----BEGIN [A-Z ]*PRIVATE KEY", options: .regularExpression)?.lowerBound
        else { return nil }
        do throws(TLSMaterialError) {
            let read = try ServerCertificate(chain: String(text[..<keyStart]), key: String(text[keyStart...]))
            guard read.notAfter - now > Self.renewBefore else { return nil }
            return Certificate(chain: read.chain, key: PrivateKey(pem: read.key.text), origin: .builtIn)
        } catch {
            return nil
        }
    }
}
