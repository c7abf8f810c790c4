package import DiscoveryProtocol

/// Where proxies connect, and what is granted them.
package struct DiscoveryConfiguration: Sendable {
    package enum Address: Sendable, Hashable, CustomStringConvertible {
        /// For a proxy on this machine: a socket file that only this user can open.
        case unixSocket(path: String)
        /// Any address of this machine by `0.0.0.0` or `::`.
        case tcp(host: String, port: Int)

        package var description: String {
            switch self {
            case .unixSocket(let path): "unix:\(path)"
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            }
        }
    }

    /// Mutual TLS: proxies must show a certificate of this authority. PEM files.
    package struct MutualTLS: Sendable, Hashable {
        package var certificateChainFile: String
        package var privateKeyFile: String
        package var clientAuthorityFile: String

        package init(certificateChainFile: String, privateKeyFile: String, clientAuthorityFile: String) {
            self.certificateChainFile = certificateChainFile
            self.privateKeyFile = privateKeyFile
            self.clientAuthorityFile = clientAuthorityFile
        }
    }

    package var address: Address
    /// `nil` is plain text, which carries private keys: only for a unix socket or a loopback address.
    package var tls: MutualTLS?
    /// Where the last accepted set is kept over restarts; it holds private keys and is written with mode 0600.
    package var lastGoodFile: String?
    /// The shortest time between two writes of that file.
    package var saveInterval: Duration = .seconds(5)
    package var limits = ProxySession.Limits()
    package var mostProxies = 1024
    /// A proxy that reconnects lists what it holds: some 60 bytes for each of its resources.
    package var largestRequest = 32 << 20

    package init(address: Address, tls: MutualTLS? = nil, lastGoodFile: String? = nil) {
        self.address = address
        self.tls = tls
        self.lastGoodFile = lastGoodFile
    }
}

/// Why the server cannot start.
package struct DiscoveryServerError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}
