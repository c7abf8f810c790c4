/// The host a virtual host or a certificate is for. Names are lower case and carry no port.
package enum Hostname: Hashable, Sendable, Codable {
    case exact(String)
    /// `*.suffix`, where `*` stands for exactly one label, as Ingress v1 asks.
    case wildcard(suffix: String)
    /// Every host that nothing narrower claims.
    case any

    /// Reads `foo.example`, `*.example`, or `*` and the empty text for any host.
    package init(_ text: String) {
        let name = text.lowercased()
        if name.isEmpty || name == "*" {
            self = .any
        } else if name.hasPrefix("*.") {
            self = .wildcard(suffix: String(name.dropFirst(2)))
        } else {
            self = .exact(name)
        }
    }

    /// The wildcard that would match `host`: `*.b.c` for `a.b.c`; `nil` where no label is left of the first dot.
    package static func wildcard(matching host: String) -> Hostname? {
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return nil }
        let suffix = host[host.index(after: dot)...]
        return suffix.isEmpty ? nil : .wildcard(suffix: String(suffix))
    }
}

extension Hostname: CustomStringConvertible {
    package var description: String {
        switch self {
        case .exact(let name): name
        case .wildcard(let suffix): "*.\(suffix)"
        case .any: "*"
        }
    }
}

extension Hostname: Comparable {
    /// A stable order for output: by text.
    package static func < (a: Hostname, b: Hostname) -> Bool { a.description < b.description }
}
