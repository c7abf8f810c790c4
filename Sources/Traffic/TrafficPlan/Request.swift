package import NetTypes

/// A request as a client sends it, with what the plan may look at.
package struct Request: Hashable, Sendable {
    package struct Header: Hashable, Sendable, Codable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var listener: ListenerName
    package var method: String
    /// As in `Host` or `:authority`, with its port if it has one.
    package var host: String
    /// Path and query, unescaped by nobody.
    package var target: String
    package var headers: [Header]
    /// The connection's peer, or what trusted proxies in front said of it.
    package var clientAddress: IPAddress?

    package init(
        listener: ListenerName, method: String = "GET", host: String, target: String, headers: [Header] = [],
        clientAddress: IPAddress? = nil
    ) {
        self.listener = listener
        self.method = method
        self.host = host
        self.target = target
        self.headers = headers
        self.clientAddress = clientAddress
    }
}
