package import NetTypes

/// `namespace/service/port`, and never a rule's index, so that reordering routes leaves backends alone.
package struct BackendName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var namespace: String
    package var service: String
    /// The Service's port by number.
    package var port: UInt16

    package init(namespace: String, service: String, port: UInt16) {
        self.namespace = namespace
        self.service = service
        self.port = port
    }

    package var description: String { "\(namespace)/\(service)/\(port)" }

    package static func < (a: BackendName, b: BackendName) -> Bool {
        (a.namespace, a.service, a.port) < (b.namespace, b.service, b.port)
    }
}

/// A Service's port as the proxy calls it.
package struct Backend: Hashable, Sendable {
    package enum Discovery: Hashable, Sendable {
        /// Addresses come as an `EndpointSet` of the same name.
        case endpoints
        /// The proxy resolves the name itself (a Service of type `ExternalName`).
        case dns(host: String, port: UInt16)
    }

    package enum Version: Hashable, Sendable {
        case http1
        /// HTTP/2, with prior knowledge where there is no TLS.
        case http2
        /// Whichever ALPN settles on; only with TLS.
        case negotiated
    }

    package var name: BackendName
    package var discovery: Discovery
    package var version: Version
    /// Present: TLS, and the peer's certificate is verified.
    package var tls: UpstreamTLS?
    package var connectTimeout: Duration
    package var limits: BackendLimits
    package var origin: Origin

    package init(
        name: BackendName, discovery: Discovery = .endpoints, version: Version = .http1, tls: UpstreamTLS? = nil,
        connectTimeout: Duration = .seconds(5), limits: BackendLimits = BackendLimits(), origin: Origin
    ) {
        self.name = name
        self.discovery = discovery
        self.version = version
        self.tls = tls
        self.connectTimeout = connectTimeout
        self.limits = limits
        self.origin = origin
    }
}

package struct UpstreamTLS: Hashable, Sendable {
    /// Sent as SNI and required among the certificate's subject alternative names.
    package var serverName: String
    /// PEM certificates to trust; `nil` for the system's roots.
    package var trustedCertificates: String?

    package init(serverName: String, trustedCertificates: String? = nil) {
        self.serverName = serverName
        self.trustedCertificates = trustedCertificates
    }
}

/// How much may be in flight to one backend from one proxy. Far above the proxy's own defaults of 1,024, which
/// surprise people long before the backend is tired.
package struct BackendLimits: Hashable, Sendable {
    package var maxConnections: UInt32 = 65_536
    package var maxPendingRequests: UInt32 = 65_536
    package var maxRequests: UInt32 = 65_536
    package var maxRetries: UInt32 = 256

    package init() {}
}

/// The addresses of one backend, sorted and without duplicates.
package struct EndpointSet: Hashable, Sendable {
    package var endpoints: [Endpoint]

    package init(_ endpoints: some Sequence<Endpoint> = []) {
        self.endpoints = Set(endpoints).sorted()
    }
}

package struct Endpoint: Hashable, Sendable, Comparable {
    package enum State: Hashable, Sendable {
        case ready
        /// Finishes what it has; gets new requests only while no ready endpoint is left.
        case draining
    }

    package var address: SocketEndpoint
    package var zone: String?
    package var state: State

    package init(address: SocketEndpoint, zone: String? = nil, state: State = .ready) {
        self.address = address
        self.zone = zone
        self.state = state
    }

    package static func < (a: Endpoint, b: Endpoint) -> Bool {
        if a.address != b.address { return a.address < b.address }
        if a.zone != b.zone { return (a.zone ?? "") < (b.zone ?? "") }
        return a.state == .ready && b.state == .draining
    }
}
