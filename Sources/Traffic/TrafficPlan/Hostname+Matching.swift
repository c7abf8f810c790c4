extension Hostname {
    /// A `Host` header as it is matched: lower case, without port and without one trailing dot.
    package static func normalize(hostHeader: String) -> String { bareHost(of: hostHeader).lowercased() }

    /// The same in the client's own spelling, as redirects repeat it.
    static func bareHost(of hostHeader: String) -> String {
        var host = Substring(hostHeader)
        if let colon = host.lastIndex(of: ":"), (host.lastIndex(of: "]").map { $0 < colon } ?? true) {
            host = host[..<colon]
        }
        if host.hasSuffix(".") { host.removeLast() }
        return String(host)
    }

    /// The virtual hosts that may answer `host` (normalised), the narrowest first.
    package static func candidates(for host: String) -> [Hostname] {
        guard !host.isEmpty else { return [.any] }
        return [.exact(host)] + (wildcard(matching: host).map { [$0] } ?? []) + [.any]
    }
}
