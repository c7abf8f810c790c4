import NetTypes

extension RateLimit {
    /// What it says in one line, without its name: `10 per second for each client address`.
    package var summary: String {
        var words = allowance.description
        if !key.isEmpty { words += " for each " + key.map(\.description).joined(separator: " and ") }
        switch cost {
        case .fixed(1): break
        case .fixed(let cost): words += ", a request costs \(cost)"
        case .requestHeader(let header): words += ", a request costs what its header \(header.name) says"
        case .responseHeader(let header): words += ", a request costs what its answer's header \(header.name) says"
        }
        if !conditions.isEmpty {
            words += ", when " + conditions.map(\.description).joined(separator: " or ")
        }
        for special in conditionalAllowances {
            let allowance = special.allowance?.description ?? "unlimited"
            words += "; \(special.name): \(allowance) where \(Self.words(for: special.matches))"
        }
        for exemption in exemptions { words += "; not where \(Self.words(for: exemption))" }
        if scope == .perProxy { words += "; by each proxy on its own" }
        if mode == .shadow { words += "; shadow only" }
        return words
    }

    private static func words(for matches: [KeyMatch]) -> String {
        matches.map(\.description).joined(separator: " and ")
    }
}

extension Allowance: CustomStringConvertible {
    package var description: String {
        "\(requests) per \(period.rawValue)" + (burst == requests ? "" : ", burst \(burst)")
    }
}

extension KeyPart: CustomStringConvertible {
    package var description: String { "\(source)" + (exemptsMissing ? " if any" : "") }
}

extension KeyPart.Source: CustomStringConvertible {
    package var description: String {
        switch self {
        case .clientAddress(ipv4Bits: 32, ipv6Bits: 64): "client address"
        case .clientAddress(let ipv4Bits, let ipv6Bits): "client address (/\(ipv4Bits), IPv6 /\(ipv6Bits))"
        case .header(let name): "header \(name)"
        case .cookie(let name): "cookie \(name)"
        case .queryParameter(let name): "query parameter \(name)"
        case .method: "method"
        case .host: "host"
        case .path: "path"
        case .pathSegment(let index): "path segment \(index)"
        case .jwtClaim(let claim):
            "\(claim.trust == .unverified ? "unverified " : "")claim \(claim.path.joined(separator: "."))"
        }
    }
}

extension KeyMatch: CustomStringConvertible {
    package var description: String {
        let wanted = values + prefixes.map(\.description)
        return "\(part) is " + wanted.prefix(5).joined(separator: " or ")
            + (wanted.count > 5 ? " or one of \(wanted.count - 5) more" : "")
    }
}

extension RequestCondition: CustomStringConvertible {
    package var description: String {
        var words: [String] = []
        if let path { words.append("path \(path)") }
        if !methods.isEmpty { words.append("method " + methods.joined(separator: " or ")) }
        if !hosts.isEmpty { words.append("host " + hosts.map(\.description).joined(separator: " or ")) }
        words += headers.map { "header \($0)" }
        words += queryParameters.map { "query parameter \($0)" }
        return words.joined(separator: ", ")
    }
}

extension ValueMatch: CustomStringConvertible {
    package var description: String {
        switch test {
        case .exact(let text): "\(name) is \(text)"
        case .regex(let text): "\(name) matches \(text)"
        case .present: "\(name) is there"
        case .absent: "\(name) is not there"
        }
    }
}

extension ReplacedLimit: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .narrower: "\(name) gives way to \(by), which is attached to something narrower"
        case .override: "\(name) gives way to \(by), which overrides from something wider"
        case .older: "\(name) gives way to \(by), whose policy is older"
        case .answer: "\(name) is answered as \(by) is: a proxy has one answer for its own limits of a route"
        }
    }
}
