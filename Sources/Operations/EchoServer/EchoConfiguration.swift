/// What an echo server listens on, and who it says it is.
package struct EchoConfiguration: Sendable {
    /// A certificate chain and its key, PEM.
    package struct TLS: Sendable {
        package var certificateChain: String
        package var privateKey: String

        package init(certificateChain: String, privateKey: String) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
        }
    }

    package var host: String
    /// HTTP/1.1, and HTTP/2 for clients that begin with its preface. 0 lets the kernel choose; `nil` is none.
    package var port: UInt16?
    /// The same over TLS, by ALPN. 0 lets the kernel choose; `nil` is none.
    package var tlsPort: UInt16?
    /// `nil` makes a self-signed certificate for localhost.
    package var tls: TLS?
    package var identity: EchoIdentity
    /// Event loop threads.
    package var threads: Int
    /// Bodies up to this size are in the answer as text; of larger ones only size and SHA-256.
    package var longestBodyText: Int
    /// After `stop()`, how long to go on as if nothing had happened (but `/healthz` answers 503).
    package var stopDelay: Duration
    /// After that, the longest wait for requests in flight.
    package var stopTimeout: Duration

    package init(
        host: String = "127.0.0.1", port: UInt16? = 0, tlsPort: UInt16? = nil, tls: TLS? = nil,
        identity: EchoIdentity = EchoIdentity(), threads: Int = 1, longestBodyText: Int = 16 << 10,
        stopDelay: Duration = .zero, stopTimeout: Duration = .seconds(10)
    ) {
        self.host = host
        self.port = port
        self.tlsPort = tlsPort
        self.tls = tls
        self.identity = identity
        self.threads = threads
        self.longestBodyText = longestBodyText
        self.stopDelay = stopDelay
        self.stopTimeout = stopTimeout
    }
}

/// Who answers: shown in every answer, so that a client sees which backend it reached.
package struct EchoIdentity: Hashable, Sendable {
    package var name: String
    package var pod: String?
    package var namespace: String?
    package var service: String?

    package init(
        name: String = "echo", pod: String? = nil, namespace: String? = nil, service: String? = nil
    ) {
        self.name = name
        self.pod = pod
        self.namespace = namespace
        self.service = service
    }

    /// From the variables that pods are commonly given: `POD_NAME`, `NAMESPACE` or `POD_NAMESPACE`, `SERVICE_NAME`.
    package init(name: String?, environment: [String: String]) {
        self.init(
            name: name ?? environment["POD_NAME"] ?? environment["HOSTNAME"] ?? "echo", pod: environment["POD_NAME"],
            namespace: environment["NAMESPACE"] ?? environment["POD_NAMESPACE"],
            service: environment["SERVICE_NAME"])
    }
}

/// The ports that are open.
package struct EchoPorts: Hashable, Sendable {
    package var plain: UInt16?
    package var tls: UInt16?
}
