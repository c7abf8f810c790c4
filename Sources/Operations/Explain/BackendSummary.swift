import NetTypes
package import TrafficPlan

/// A backend with its addresses, for JSON and for people.
package struct BackendSummary: Codable, Hashable, Sendable {
    package struct Address: Codable, Hashable, Sendable {
        package var address: String
        /// `ready` or `draining`.
        package var state: String
        package var zone: String?
    }

    /// `namespace/service/port`.
    package var name: String
    package var weight: UInt32
    /// Such as `http1` or `http2 over TLS to web.example`.
    package var speaks: String
    /// The name that the proxy itself resolves, with its port.
    package var resolves: String?
    package var endpoints: [Address]
    package var from: ObjectField?

    package init(_ target: Decision.Target) {
        name = target.name.description
        weight = target.weight
        speaks = target.backend.map(Self.speaks) ?? "unknown"
        if case .dns(let host, let port) = target.backend?.discovery { resolves = "\(host):\(port)" }
        endpoints = target.endpoints.endpoints.map { endpoint in
            Address(
                address: endpoint.address.description, state: endpoint.state == .ready ? "ready" : "draining",
                zone: endpoint.zone)
        }
        from = target.backend.map { ObjectField($0.origin) }
    }

    private static func speaks(_ backend: Backend) -> String {
        let version =
            switch backend.version {
            case .http1: "HTTP/1.1"
            case .http2: "HTTP/2"
            case .negotiated: "HTTP/2 or HTTP/1.1"
            }
        return backend.tls.map { "\(version) over TLS to \($0.serverName)" } ?? version
    }

    var lines: [String] {
        var lines = ["\(name) speaking \(speaks)\(from.map { ", from \($0)" } ?? "")"]
        if let resolves { lines.append("  \(resolves), as its name resolves") }
        lines += endpoints.map { "  \($0.address) \($0.state)\($0.zone.map { " in zone \($0)" } ?? "")" }
        if resolves == nil, endpoints.isEmpty { lines.append("  no endpoints: the answer is 503") }
        return lines
    }
}
