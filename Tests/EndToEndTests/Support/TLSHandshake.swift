import Foundation
import KubernetesModel
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import TLSMaterial

/// What a server shows in a TLS handshake.
struct TLSHandshake: Sendable {
    var certificate: NIOSSLCertificate?
    var alpn: String?
    var version: TLSVersion?

    struct Failure: Error {}

    /// Shakes hands with 127.0.0.1 and hangs up. Throws what the server's refusal or the verification gives.
    static func perform(
        port: UInt16, serverName: String?, configuration: TLSConfiguration = .trustingAnyone
    ) async throws -> TLSHandshake {
        let context = try NIOSSLContext(configuration: configuration)
        let group = MultiThreadedEventLoopGroup.singleton
        let done = group.next().makePromise(of: String?.self)
        do {
            let channel = try await ClientBootstrap(group: group).connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let tls = try NIOSSLClientHandler(context: context, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandlers(tls, Watcher(done: done))
                    }
                }
                .connect(host: "127.0.0.1", port: Int(port)).get()
            let alpn = try await done.futureResult.get()
            let handshake = TLSHandshake(
                certificate: try await channel.nioSSL_peerCertificate().get(), alpn: alpn,
                version: try await channel.nioSSL_tlsVersion().get())
            // Closing may find the server gone already.
            try? await channel.close().get()
            return handshake
        } catch {
            done.fail(error)
            throw error
        }
    }

    private final class Watcher: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let done: EventLoopPromise<String?>

        init(done: EventLoopPromise<String?>) { self.done = done }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent { done.succeed(negotiated) }
            context.fireUserInboundEventTriggered(event)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            done.fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { done.fail(Failure()) }
    }
}

extension TLSConfiguration {
    /// Takes any certificate, so that a test can look at it.
    static var trustingAnyone: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return configuration
    }

    /// Verifies chain and host name, as a browser does.
    static func trusting(_ authority: CertificateAuthority) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.utf8)))
        return configuration
    }

    static func server(_ issued: IssuedCertificate) throws -> TLSConfiguration {
        TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(issued.chain.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(issued.key.text.utf8), format: .pem)))
    }
}

extension IssuedCertificate {
    var leaf: NIOSSLCertificate {
        get throws { try NIOSSLCertificate(bytes: Array(chain.utf8), format: .pem) }
    }
}

extension CertificateAuthority {
    static func forTests() throws -> CertificateAuthority {
        try CertificateAuthority(commonName: "test authority", now: Int64(Date().timeIntervalSince1970))
    }

    /// A server certificate for these names.
    /// - Parameter age: seconds since it was issued.
    func issue(
        _ names: String..., keyKind: CertificateRequest.KeyKind = .p256, age: Int64 = 0,
        validity: Duration = .seconds(86_400)
    ) throws -> IssuedCertificate {
        try issue(
            CertificateRequest(
                commonName: names.first ?? "", dnsNames: names, keyKind: keyKind, validity: validity),
            now: Int64(Date().timeIntervalSince1970) - age)
    }
}

extension Manifest {
    static func tlsSecret(_ name: String, _ issued: IssuedCertificate) -> JSONValue {
        tlsSecret(name, certificate: issued.chain, key: issued.key.text)
    }
}
