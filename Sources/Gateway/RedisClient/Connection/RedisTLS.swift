import NIOSSL
import NetTypes

/// TLS to Redis: certificates are always verified, names too.
package struct RedisTLS: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// Reads the files.
    package init(_ configuration: RedisConfiguration.TLS) throws(RedisError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorities = configuration.authorities { tls.trustRoots = .file(authorities) }
        do {
            if let certificate = configuration.certificate, let key = configuration.key {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            } else if configuration.certificate != nil || configuration.key != nil {
                throw RedisError.configuration(
                    "a client certificate for Redis needs its key, and a key its certificate")
            }
            context = try NIOSSLContext(configuration: tls)
        } catch {
            throw (error as? RedisError) ?? .configuration("TLS to Redis cannot be set up: \(error)")
        }
        serverName = configuration.serverName
    }

    func handler(for address: RedisAddress) throws -> NIOSSLClientHandler {
        if let serverName { return try NIOSSLClientHandler(context: context, serverHostname: serverName) }
        // An address of digits is verified as such, and cannot be named in the handshake.
        let isAddress = IPAddress(address.host) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : address.host)
    }
}
