import FoundationEssentials
import HTTPTypes
import KubernetesModel
import NetTypes
import TLSMaterial

/// What lets clients in: they carry this token.
struct BearerToken: Sendable, CustomStringConvertible {
    let secret: String

    init(secret: String) { self.secret = secret }

    /// 256 bits of the system's randomness.
    static func random() -> BearerToken {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return BearerToken(secret: Base64.encoded(bytes, isURL: true))
    }

    /// Compares in a time that does not tell how much of a guess was right.
    func isCarried(by headers: HTTPFields) -> Bool {
        guard let value = headers[.authorization], value.lowercased().hasPrefix("bearer ") else { return false }
        let given = Array(value.utf8.dropFirst("bearer ".utf8.count))
        let expected = Array(secret.utf8)
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    var description: String { "redacted" }
}

/// The authority whose certificates the server shows, and the token it asks for.
struct ClusterIdentity: Sendable {
    var authority: CertificateAuthority
    var token: BearerToken

    /// A new one, or the one in `directory`, made there if it is missing.
    init(directory: String?, now: Timestamp) throws {
        guard let directory else {
            self.init(
                authority: try CertificateAuthority(
                    commonName: "fairway local cluster", now: now.secondsSinceEpoch),
                token: .random())
            return
        }
        let certificateFile = "\(directory)/ca.crt"
        let keyFile = "\(directory)/ca.key"
        let tokenFile = "\(directory)/token"
        if let certificate = try PrivateFile.read(certificateFile), let key = try PrivateFile.read(keyFile),
            let token = try PrivateFile.read(tokenFile)
        {
            // An empty token would let everybody in.
            guard token.trimmingSpaces().utf8.count >= 16 else {
                throw LocalClusterError.unreadable(
                    file: tokenFile,
                    reason: "it holds no token; remove \(directory)'s ca.crt, ca.key and token to get new ones")
            }
            do {
                self.init(
                    authority: try CertificateAuthority(certificate: certificate, key: PrivateKeyPEM(key)),
                    token: BearerToken(secret: token.trimmingSpaces()))
            } catch {
                throw LocalClusterError.unreadable(
                    file: certificateFile, reason: "it and \(keyFile) are no authority: \(error)")
            }
            return
        }
        self.init(
            authority: try CertificateAuthority(commonName: "fairway local cluster", now: now.secondsSinceEpoch),
            token: .random())
        try PrivateFile.write(authority.certificate, to: certificateFile)
        try PrivateFile.write(authority.key.text, to: keyFile)
        try PrivateFile.write(token.secret, to: tokenFile)
    }

    private init(authority: CertificateAuthority, token: BearerToken) {
        self.authority = authority
        self.token = token
    }

    /// A certificate for every name by which a local client may call this server.
    func serverCertificate(bind: IPAddress, now: Timestamp) throws -> IssuedCertificate {
        let loopback = [IPAddress.v4(127, 0, 0, 1).bytes, Array(repeating: 0, count: 15) + [1]]
        let own = bind.isUnspecified || bind.isLoopback ? [] : [bind.bytes]
        return try authority.issue(
            CertificateRequest(
                commonName: "fairway local cluster API",
                dnsNames: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
                ipAddresses: loopback + own),
            now: now.secondsSinceEpoch)
    }
}
