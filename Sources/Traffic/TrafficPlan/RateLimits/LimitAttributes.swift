/// What limits look at in a request, so that a proxy sends its limiter nothing else.
package struct LimitAttributes: Hashable, Sendable {
    package var clientAddress = false
    package var method = false
    package var host = false
    package var path = false
    package var query = false
    /// Whole headers, in lower case: `cookie` where cookies are looked at, and those that bring tokens.
    package var headers: Set<String> = []
    /// Response headers that say what a request has cost, in lower case.
    package var responseHeaders: Set<String> = []

    package init() {}
}

extension LimitSet {
    /// - Parameter scope: only of these limits; `nil` for all.
    package func attributes(scope: RateLimit.Scope? = nil) -> LimitAttributes {
        limits.filter { scope == nil || $0.scope == scope }.reduce(into: LimitAttributes()) { $0.add($1) }
    }
}

extension LimitAttributes {
    fileprivate mutating func add(_ limit: RateLimit) {
        for condition in limit.conditions {
            path = path || condition.path != nil
            method = method || !condition.methods.isEmpty
            host = host || !condition.hosts.isEmpty
            query = query || !condition.queryParameters.isEmpty
            headers.formUnion(condition.headers.map(\.name))
        }
        for source in limit.sources { add(source) }
        switch limit.cost {
        case .fixed: break
        case .requestHeader(let header): headers.insert(header.name)
        case .responseHeader(let header): responseHeaders.insert(header.name)
        }
    }

    private mutating func add(_ source: KeyPart.Source) {
        switch source {
        case .clientAddress: clientAddress = true
        case .header(let name): headers.insert(name)
        case .cookie: headers.insert("cookie")
        case .queryParameter: query = true
        case .method: method = true
        case .host: host = true
        case .path, .pathSegment: path = true
        case .jwtClaim(let claim): headers.insert(claim.header)
        }
    }
}
