package import NetTypes

package struct ListenerName: Hashable, Sendable, CustomStringConvertible {
    package var text: String
    package init(_ text: String) { self.text = text }
    package var description: String { text }
}

/// A port that clients connect to.
package struct Listener: Hashable, Sendable {
    package enum Transport: Hashable, Sendable {
        /// HTTP/1.1, WebSocket and h2c with prior knowledge.
        case plain
        /// TLS with certificates chosen by server name; ALPN offers h2 and http/1.1.
        case tls
    }

    package var name: ListenerName
    package var bind: SocketEndpoint
    package var transport: Transport
    package var client: ClientSettings
    package var origin: Origin

    package init(
        name: ListenerName, bind: SocketEndpoint, transport: Transport, client: ClientSettings = ClientSettings(),
        origin: Origin
    ) {
        self.name = name
        self.bind = bind
        self.transport = transport
        self.client = client
        self.origin = origin
    }
}

/// How a listener treats clients it has no reason to trust. The defaults are those of a careful operator at the edge
/// of the internet.
///
/// Two rules are fixed, because matching and security both hang on them:
/// - **Host.** For matching, the port and one trailing dot are dropped and letters are lower case. The backend sees the
///   `Host` header with its port as the client sent it.
/// - **Path.** Normalised before matching, and so sent to the backend: RFC 3986 dot segments resolved and unreserved
///   characters unescaped, `\` taken for `/`, then slashes in a row merged. `%2F` and `%5C` stay as they are, for there
///   are well-known interfaces that need them within one segment. A `#`, or an escaped NUL, is a bad request.
///   `PathNormalization` is the reference.
package struct ClientSettings: Hashable, Sendable {
    /// HAProxy's PROXY protocol, versions 1 and 2: what connections must or may begin with.
    package enum ProxyProtocol: Hashable, Sendable {
        case off
        case optional
        case required
    }

    /// How many proxies in front may speak for the client in `X-Forwarded-For`. 0: the connection's peer is the client.
    package var trustedHops: UInt32 = 0
    /// Proxies in front known by address, instead of `trustedHops`.
    package var trustedProxies: [IPPrefix] = []
    package var proxyProtocol: ProxyProtocol = .off
    /// Time to receive a request's whole header section.
    package var requestHeadersTimeout: Duration = .seconds(15)
    /// Longest silence within a stream, both ways.
    package var streamIdleTimeout: Duration = .seconds(300)
    /// Longest life of a connection without a request.
    package var connectionIdleTimeout: Duration = .seconds(300)
    package var tlsHandshakeTimeout: Duration = .seconds(10)
    package var maxRequestHeaderKiB: UInt32 = 60
    package var maxRequestHeaders: UInt32 = 100
    /// Bytes buffered per connection before back-pressure.
    package var connectionBufferBytes: UInt32 = 32 * 1024
    package var maxConcurrentStreams: UInt32 = 100
    /// HTTP/2 initial window sizes, bytes.
    package var streamWindowBytes: UInt32 = 64 * 1024
    package var connectionWindowBytes: UInt32 = 1024 * 1024

    package init() {}
}
