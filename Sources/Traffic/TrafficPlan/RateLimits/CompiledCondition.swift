/// A `RequestCondition` with its expressions ready to run.
struct CompiledCondition: Sendable {
    private enum Path: Sendable {
        case plain(RouteMatch.Path)
        case pattern(PathPattern)
    }

    private let path: Path?
    private let methods: [String]
    private let hosts: [Hostname]
    private let headers: [CompiledValueMatch]
    private let queryParameters: [CompiledValueMatch]

    init(_ condition: RequestCondition) throws(PathPattern.Failure) {
        switch condition.path {
        case .regex(let text)?: path = .pattern(try PathPattern(text))
        case let plain: path = plain.map(Path.plain)
        }
        methods = condition.methods
        hosts = condition.hosts
        headers = try CompiledValueMatch.all(condition.headers)
        queryParameters = try CompiledValueMatch.all(condition.queryParameters)
    }

    func holds(for request: LimitedRequest) -> Bool {
        guard pathHolds(request.path), methods.isEmpty || methods.contains(request.method) else { return false }
        guard hosts.isEmpty || hosts.contains(where: { $0.matches(request.host) }) else { return false }
        return headers.allSatisfy { $0.holds(request.headers[$0.name]) }
            && queryParameters.allSatisfy { $0.holds(RequestValues.queryParameter($0.name, in: request.query)) }
    }

    private func pathHolds(_ text: String) -> Bool {
        switch path {
        case nil: true
        case .plain(let path): path.difference(from: text) == nil
        case .pattern(let pattern): pattern.matches(text)
        }
    }
}

/// A `ValueMatch` with its expression ready to run.
struct CompiledValueMatch: Sendable {
    private enum Test: Sendable {
        case exact(String)
        case pattern(PathPattern)
        case present
        case absent
    }

    let name: String
    private let test: Test

    init(_ match: ValueMatch) throws(PathPattern.Failure) {
        name = match.name
        switch match.test {
        case .exact(let text): test = .exact(text)
        case .regex(let text): test = .pattern(try PathPattern(text))
        case .present: test = .present
        case .absent: test = .absent
        }
    }

    static func all(_ matches: [ValueMatch]) throws(PathPattern.Failure) -> [CompiledValueMatch] {
        var compiled: [CompiledValueMatch] = []
        for match in matches { compiled.append(try CompiledValueMatch(match)) }
        return compiled
    }

    func holds(_ value: String?) -> Bool {
        switch (test, value) {
        case (.exact(let wanted), let value?): value == wanted
        case (.pattern(let pattern), let value?): pattern.matches(value)
        case (.present, let value): value != nil
        case (.absent, let value): value == nil
        case (.exact, nil), (.pattern, nil): false
        }
    }
}

extension Hostname {
    /// Whether `host` (normalised) is this name or below this wildcard, whose `*` is exactly one label.
    func matches(_ host: String) -> Bool {
        switch self {
        case .any: return true
        case .exact(let name): return name == host
        case .wildcard(let suffix):
            guard let dot = host.utf8.firstIndex(of: UInt8(ascii: ".")), dot != host.startIndex else { return false }
            return host[host.utf8.index(after: dot)...] == suffix
        }
    }
}
