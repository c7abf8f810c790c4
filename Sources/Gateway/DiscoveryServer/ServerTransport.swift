package import GRPCNIOTransportHTTP2Posix

/// Where a gRPC server of ours listens, and who may come.
package enum ServerTransport {
    /// - Parameter largestRequest: bytes of one message.
    package static func make(
        _ address: DiscoveryConfiguration.Address, tls: DiscoveryConfiguration.MutualTLS?, largestRequest: Int,
        adjusting adjust: (inout HTTP2ServerTransport.Posix.Config) -> Void = { _ in }
    ) throws(DiscoveryServerError) -> HTTP2ServerTransport.Posix {
        let config = HTTP2ServerTransport.Posix.Config.defaults { config in
            config.rpc.maxRequestPayloadSize = largestRequest
            config.connection.flushCoalescing = nil
            // The default would cut off a proxy that pings more often than every five minutes.
            config.connection.keepalive = .init(
                time: .seconds(30), timeout: .seconds(10),
                clientBehavior: .init(minPingIntervalWithoutCalls: .seconds(10), allowWithoutCalls: true))
            adjust(&config)
        }
        switch address {
        case .unixSocket(let path):
            return HTTP2ServerTransport.Posix(
                listeningSocketDescriptor: try UnixListener.bind(path: path), transportSecurity: .plaintext,
                config: config)
        case .tcp(let host, let port):
            return HTTP2ServerTransport.Posix(
                address: host.contains(":") ? .ipv6(host: host, port: port) : .ipv4(host: host, port: port),
                transportSecurity: security(tls), config: config)
        }
    }

    private static func security(
        _ tls: DiscoveryConfiguration.MutualTLS?
    ) -> HTTP2ServerTransport.Posix.TransportSecurity {
        guard let tls else { return .plaintext }
        return .mTLS(
            certificateChain: [.file(path: tls.certificateChainFile, format: .pem)],
            privateKey: .file(path: tls.privateKeyFile, format: .pem)
        ) { config in
            config.trustRoots = .certificates([.file(path: tls.clientAuthorityFile, format: .pem)])
            config.requireALPN = true
        }
    }
}
