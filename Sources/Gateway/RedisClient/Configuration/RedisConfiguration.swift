/// Where Redis is, and how to speak with it.
package struct RedisConfiguration: Sendable, Hashable {
    package enum Topology: Sendable, Hashable {
        case standalone(RedisAddress)
        /// The sentinels know who is master of `name`.
        case sentinel([RedisAddress], name: String)
        /// Any of its nodes; the others are learned.
        case cluster([RedisAddress])
    }

    package struct Login: Sendable, Hashable, CustomStringConvertible {
        /// `default` where `nil`.
        package var user: String?
        package var password: String

        package init(user: String? = nil, password: String) {
            self.user = user
            self.password = password
        }

        package var description: String { "\(user ?? "default"):(password)" }
    }

    package struct TLS: Sendable, Hashable {
        /// PEM file of authorities to trust; `nil`: the system's.
        package var authorities: String?
        /// PEM files of what this client shows; both or none.
        package var certificate: String?
        package var key: String?
        /// What the certificate must be for, where that is not the address.
        package var serverName: String?

        package init(
            authorities: String? = nil, certificate: String? = nil, key: String? = nil, serverName: String? = nil
        ) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
            self.serverName = serverName
        }
    }

    package var topology: Topology
    package var login: Login?
    package var sentinelLogin: Login?
    /// `nil`: plain TCP. Holds for sentinels too.
    package var tls: TLS?
    package var database: Int
    /// For each node that commands go to.
    package var connections: Int
    /// From sending a command to its answer. Also how long making a connection may take, four times over.
    package var timeout: Duration
    /// Commands that may wait on one connection.
    package var mostWaiting: Int
    /// An idle connection is asked this often whether it still lives.
    package var pingInterval: Duration
    /// How long to wait before another attempt to connect, at first and at most; drawn from the upper half.
    package var backoff: ClosedRange<Duration>

    package init(
        topology: Topology, login: Login? = nil, sentinelLogin: Login? = nil, tls: TLS? = nil, database: Int = 0,
        connections: Int = 2, timeout: Duration = .milliseconds(250), mostWaiting: Int = 8192,
        pingInterval: Duration = .seconds(5), backoff: ClosedRange<Duration> = .milliseconds(50) ... .seconds(2)
    ) {
        self.topology = topology
        self.login = login
        self.sentinelLogin = sentinelLogin
        self.tls = tls
        self.database = database
        self.connections = connections
        self.timeout = timeout
        self.mostWaiting = mostWaiting
        self.pingInterval = pingInterval
        self.backoff = backoff
    }
}

package struct RedisAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name or an IP address, without brackets.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`, `[::1]:port`, or a host alone where there is a default. Also `::1:6379`, as clusters write it.
    package init?(_ text: some StringProtocol, defaultPort: Int? = nil) {
        var host = Substring(text)
        var port = defaultPort
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            let rest = host[host.index(after: end)...]
            host = host[host.index(after: host.startIndex)..<end]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { return nil }
                port = Int(rest.dropFirst())
            }
        } else if let colon = host.lastIndex(of: ":") {
            port = Int(host[host.index(after: colon)...])
            host = host[..<colon]
        }
        guard !host.isEmpty, let port, (1...65_535).contains(port) else { return nil }
        self.init(host: String(host), port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
