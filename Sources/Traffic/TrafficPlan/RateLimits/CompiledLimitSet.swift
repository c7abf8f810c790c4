package import NetTypes

/// A limit set made ready once, to judge many requests.
///
/// This is what every limit means: the limiter counts by it and `decide` explains by it.
package struct CompiledLimitSet: Sendable {
    /// What a claim of a token is. Tokens are verified, or decoded, by the caller.
    /// - Parameter token: the value of the claim's header, without a `Bearer ` in front.
    /// - Returns: `nil` where there is no such claim, or the token does not verify.
    package typealias ClaimReader = (_ claim: JWTClaim, _ token: String) -> String?

    package let set: LimitSet
    /// All that `checks` may ask the claim reader for.
    package let claims: Set<JWTClaim>
    private let limits: [CompiledLimit]

    /// - Parameter scope: only these limits are looked at; `nil` for all.
    /// - Throws: an expression of the set cannot be read, which a compiled plan never shows.
    package init(_ set: LimitSet, scope: RateLimit.Scope? = nil) throws(PathPattern.Failure) {
        self.set = set
        var limits: [CompiledLimit] = []
        for (index, limit) in set.limits.enumerated() where scope == nil || limit.scope == scope {
            limits.append(try CompiledLimit(limit, index: index))
        }
        self.limits = limits
        claims = Set(limits.flatMap { $0.limit.sources }.compactMap(\.claim))
    }

    /// Every limit that counts `request`, in the set's order.
    package func checks(for request: LimitedRequest, claim: ClaimReader = { _, _ in nil }) -> [LimitCheck] {
        var checks: [LimitCheck] = []
        for limit in limits {
            if case .counts(let check) = limit.verdict(on: request, claim: claim) { checks.append(check) }
        }
        return checks
    }

    /// What every limit says, in the set's order; for explanations.
    package func verdicts(for request: LimitedRequest, claim: ClaimReader = { _, _ in nil }) -> [LimitVerdict] {
        limits.map { $0.verdict(on: request, claim: claim) }
    }
}

/// Whether a limit counts a request, and why not.
package enum LimitVerdict: Hashable, Sendable {
    case counts(LimitCheck)
    /// None of its conditions holds.
    case otherRequests
    /// The exemption at this place holds.
    case exempt(Int)
    /// The request lacks the key's part at this place, which exempts it.
    case lacks(Int)
}

struct CompiledLimit: Sendable {
    let limit: RateLimit
    private let index: Int
    private let conditions: [CompiledCondition]

    init(_ limit: RateLimit, index: Int) throws(PathPattern.Failure) {
        self.limit = limit
        self.index = index
        var conditions: [CompiledCondition] = []
        for condition in limit.conditions { conditions.append(try CompiledCondition(condition)) }
        self.conditions = conditions
    }

    func verdict(on request: LimitedRequest, claim: CompiledLimitSet.ClaimReader) -> LimitVerdict {
        guard conditions.isEmpty || conditions.contains(where: { $0.holds(for: request) }) else {
            return .otherRequests
        }
        for (place, matches) in limit.exemptions.enumerated()
        where holds(matches, for: request, claim) { return .exempt(place) }
        var values: [String?] = []
        values.reserveCapacity(limit.key.count)
        for (place, part) in limit.key.enumerated() {
            let value = part.source.value(in: request, claim: claim)
            if value == nil, part.exemptsMissing { return .lacks(place) }
            values.append(value)
        }
        let special = limit.conditionalAllowances.first { holds($0.matches, for: request, claim) }
        return .counts(
            LimitCheck(
                limit: index, values: values, allowanceName: special?.name,
                allowance: special.map(\.allowance) ?? limit.allowance, cost: limit.cost.ahead(of: request)))
    }

    private func holds(
        _ matches: [KeyMatch], for request: LimitedRequest, _ claim: CompiledLimitSet.ClaimReader
    )
        -> Bool
    {
        !matches.isEmpty && matches.allSatisfy { $0.holds(for: request, claim: claim) }
    }
}

extension KeyMatch {
    func holds(for request: LimitedRequest, claim: CompiledLimitSet.ClaimReader) -> Bool {
        if case .clientAddress = part {
            guard let address = request.clientAddress?.unmapped else { return false }
            return prefixes.contains { $0.contains(address) }
                || (!values.isEmpty && values.contains(address.description))
        }
        guard let value = part.value(in: request, claim: claim) else { return false }
        return values.contains(value)
    }
}

extension KeyPart.Source {
    /// `nil` where the request has no such thing.
    func value(in request: LimitedRequest, claim: CompiledLimitSet.ClaimReader) -> String? {
        switch self {
        case .clientAddress(let ipv4Bits, let ipv6Bits):
            return request.clientAddress?.unmapped.text(ipv4Bits: ipv4Bits, ipv6Bits: ipv6Bits)
        case .header(let name): return request.headers[name]
        case .cookie(let name): return request.headers["cookie"].flatMap { RequestValues.cookie(name, in: $0) }
        case .queryParameter(let name): return RequestValues.queryParameter(name, in: request.query)
        case .method: return request.method
        case .host: return request.host
        case .path: return request.path
        case .pathSegment(let index): return RequestValues.pathSegment(index, in: request.path)
        case .jwtClaim(let wanted):
            return request.headers[wanted.header].flatMap { claim(wanted, Self.withoutBearer($0)) }
        }
    }

    /// RFC 6750, section 2.1; schemes are read whatever their case (RFC 9110, section 11.1).
    private static func withoutBearer(_ header: String) -> String {
        let scheme = "bearer "
        guard header.utf8.count > scheme.utf8.count,
            zip(header.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
        else { return header }
        return String(header.utf8.dropFirst(scheme.utf8.count).drop { $0 == 0x20 }) ?? header
    }

    var claim: JWTClaim? {
        if case .jwtClaim(let claim) = self { claim } else { nil }
    }
}

extension RateLimit {
    /// Everything of a request that it is known by.
    var sources: [KeyPart.Source] {
        key.map(\.source) + (exemptions + conditionalAllowances.map(\.matches)).flatMap { $0.map(\.part) }
    }
}

extension Cost {
    /// What is charged before the request goes on; 0 where the response decides.
    package func ahead(of request: LimitedRequest) -> Int64 {
        switch self {
        case .fixed(let cost): cost
        case .requestHeader(let header): header.cost(of: request.headers[header.name])
        case .responseHeader: 0
        }
    }
}

extension HeaderCost {
    /// What a header's value comes to: a whole number that is not negative, at most `max`, else `otherwise`.
    package func cost(of value: String?) -> Int64 {
        guard let value, !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return otherwise
        }
        // What does not fit is more than any maximum.
        return Int64(value).map { min($0, max) } ?? max
    }
}

extension IPAddress {
    /// The IPv4 address of an IPv4-mapped one (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2): all of them would fall
    /// into one IPv6 prefix.
    package var unmapped: IPAddress {
        guard family == .v6 else { return self }
        let bytes = bytes
        guard bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff else { return self }
        return IPAddress(bytes: bytes[12...]) ?? self
    }

    fileprivate func text(ipv4Bits: Int, ipv6Bits: Int) -> String {
        let bits = family == .v4 ? ipv4Bits : ipv6Bits
        guard bits < bitWidth, let prefix = IPPrefix(self, length: bits) else { return description }
        return prefix.description
    }
}
