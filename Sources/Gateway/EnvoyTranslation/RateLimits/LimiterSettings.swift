/// How proxies reach their limiter. Fixed for the life of a process, for it is in every listener.
package struct LimiterSettings: Hashable, Sendable {
    package enum Address: Hashable, Sendable {
        /// A socket on the proxy's machine.
        case unixSocket(path: String)
        /// Every address that the name resolves to, each in turn.
        case tcp(host: String, port: UInt16)
    }

    /// Files on the proxies' machines, PEM.
    package struct MutualTLS: Hashable, Sendable {
        package var certificateChainFile: String
        package var privateKeyFile: String
        package var authorityFile: String

        package init(certificateChainFile: String, privateKeyFile: String, authorityFile: String) {
            self.certificateChainFile = certificateChainFile
            self.privateKeyFile = privateKeyFile
            self.authorityFile = authorityFile
        }
    }

    /// `nil`: there is none, and what a limit says for a failing limiter holds.
    package var address: Address?
    package var tls: MutualTLS?
    /// How long a request waits for the limiter before its limits' failure mode decides.
    package var timeout: Duration

    package init(address: Address? = nil, tls: MutualTLS? = nil, timeout: Duration = .milliseconds(50)) {
        self.address = address
        self.tls = tls
        self.timeout = timeout
    }
}
