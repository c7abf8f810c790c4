import NetTypes

extension GatewayPlan: CustomStringConvertible {
    /// The whole plan as stable text, one thing a line, for people and for golden tests. No secrets.
    package var description: String {
        var lines: [String] = []
        for (_, listener) in listeners.sorted(by: { $0.key.text < $1.key.text }) {
            lines.append(
                "listener \(listener.name) \(listener.bind) \(listener.transport)\(listener.client.trustWords)")
        }
        for (hostname, certificate) in certificates.sorted(by: { $0.key < $1.key }) {
            lines.append("certificate \(hostname) from \(certificate.origin)")
        }
        for (_, host) in virtualHosts.sorted(by: { $0.key < $1.key }) {
            lines += host.lines { id in limitSets[id]?.limits.map(\.name.description).joined(separator: ", ") ?? "?" }
        }
        lines += limitLines
        for (name, backend) in backends.sorted(by: { $0.key < $1.key }) {
            lines.append(backend.line)
            lines += (endpoints[name]?.endpoints ?? []).map { endpoint in
                let zone = endpoint.zone.map { " zone \($0)" } ?? ""
                return "  \(endpoint.address) \(endpoint.state)\(zone)"
            }
        }
        return lines.map { "\($0)\n" }.joined()
    }
}

extension GatewayPlan {
    /// Each limit and each replaced one once, though many sets have it.
    fileprivate var limitLines: [String] {
        let limits = limitSets.values.flatMap(\.limits).map { "limit \($0.name): \($0.summary) from \($0.origin)" }
        let replaced = limitSets.values.flatMap(\.replaced).map { "replaced limit \($0)" }
        return Set(limits).sorted() + Set(replaced).sorted()
    }
}

extension ClientSettings {
    /// Whose word on the client's address is taken, where it is not the connection's alone.
    fileprivate var trustWords: String {
        var words = ""
        if trustedHops > 0 { words += " trusts \(trustedHops) hops" }
        if !trustedProxies.isEmpty {
            words += " trusts \(trustedProxies.map(\.description).joined(separator: " "))"
        }
        if proxyProtocol != .off { words += " PROXY protocol \(proxyProtocol)" }
        return words
    }
}

extension VirtualHost {
    fileprivate func lines(names: (LimitSetID) -> String) -> [String] {
        var lines = ["host \(hostname)"]
        if requiresTLS { lines[0] += " requires TLS, port \(httpsPort)" }
        return lines
            + routes.map { route in
                var line = "  \(route.match.path) → \(route.action)"
                if let request = route.timeouts.request { line += " request-timeout \(request)" }
                if route.timeouts.idle != RouteTimeouts().idle {
                    line += " idle-timeout \(route.timeouts.idle.map { "\($0)" } ?? "none")"
                }
                if let limits = route.limits { line += " limits [\(names(limits))]" }
                return line + " from \(route.origin)"
            }
    }
}

extension Backend {
    fileprivate var line: String {
        var line = "backend \(name) \(version)"
        if case .dns(let host, let port) = discovery { line += " dns \(host):\(port)" }
        if let tls { line += " tls \(tls.serverName) \(tls.trustedCertificates == nil ? "system roots" : "own roots")" }
        return line + " from \(origin)"
    }
}

extension RouteMatch.Path: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exact(let path): "exact \(path)"
        case .prefix(let path): "prefix \(path)"
        case .regex(let expression): "regex \(expression)"
        }
    }
}

extension RouteAction: CustomStringConvertible {
    package var description: String {
        switch self {
        case .forward(let targets):
            targets.count == 1
                ? "\(targets[0].backend)" : targets.map { "\($0.backend) (\($0.weight))" }.joined(separator: ", ")
        case .respond(let status, let body):
            "answer \(status) \"\(body.split(separator: "\n").joined(separator: " "))\""
        }
    }
}
