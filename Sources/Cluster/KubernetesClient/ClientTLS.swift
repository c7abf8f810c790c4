import NIOSSL

/// Builds the TLS settings from bytes already read. Every error names the file or field that is wrong; nothing is ever
/// left out to make a connection work.
enum ClientTLS {
    /// A client certificate chain and its key, as PEM.
    struct Identity: Hashable, Sendable {
        var chain: [UInt8]
        var key: [UInt8]
        /// Where they come from, for messages.
        var origin: String
    }

    static func configuration(
        authority: (bytes: [UInt8], origin: String)?, identity: Identity?, skipsCertificateCheck: Bool
    ) throws(KubernetesError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authority {
            configuration.trustRoots = .certificates(try certificates(authority.bytes, from: authority.origin))
        }
        if skipsCertificateCheck { configuration.certificateVerification = .none }
        if let identity {
            let chain = try certificates(identity.chain, from: identity.origin)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try key(identity))
        }
        do {
            // Building a context is what finds a key that does not belong to its certificate.
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw problem(
                identity?.origin ?? authority?.origin ?? "TLS settings",
                "certificate and key cannot be used together: \(error)", error)
        }
        return configuration
    }

    private static func certificates(
        _ bytes: [UInt8], from origin: String
    ) throws(KubernetesError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            if certificates.isEmpty { throw NIOSSLError.failedToLoadCertificate }
            return certificates
        } catch {
            throw problem(origin, "holds no usable PEM certificate", error)
        }
    }

    private static func key(_ identity: Identity) throws(KubernetesError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: identity.key, format: .pem)
        } catch {
            throw problem(identity.origin, "holds no usable PEM private key", error)
        }
    }

    private static func problem(_ subject: String, _ message: String, _ cause: any Error) -> KubernetesError {
        KubernetesError(.credentials, operation: "use credentials", subject: subject, message: message, cause: cause)
    }
}
