/// What a proxy's own token buckets can do. They look at headers with expressions and count by text, so some of what a
/// limiter does has no form there that could not be escaped; such a limit needs the scope `Global`.
extension RateLimit {
    /// Why this limit cannot be held by each proxy alone; `nil` where it can. Asked only of limits with that scope.
    package var unsupportedPerProxy: String? {
        unsupportedKey ?? unsupportedConditions ?? unsupportedMatches ?? unsupportedCost ?? unsupportedAnswer
    }

    /// Key parts that a request may lack: each doubles the buckets that a proxy must be told of.
    private static let mostMissingParts = 3
    /// Combinations of a condition and an allowance.
    private static let mostCombinations = 32
    /// Headers that an answer brings along, with room for `Retry-After`.
    private static let mostAnswerHeaders = 8

    private var unsupportedKey: String? {
        for part in key {
            switch part.source {
            case .host: return "a proxy cannot count by Host, which clients spell in many ways"
            case .jwtClaim: return "a proxy cannot count by JWTClaim"
            default: continue
            }
        }
        let missable = key.count { $0.source.mayBeMissing }
        guard missable > Self.mostMissingParts else { return nil }
        return "a proxy can count by at most \(Self.mostMissingParts) parts that a request may lack, not \(missable)"
    }

    private var unsupportedConditions: String? {
        for condition in conditions {
            if case .regex? = condition.path { return "a proxy cannot tell a path from its query in an expression" }
            if conditions.count > 1, !condition.queryParameters.isEmpty {
                return "a proxy can look at query parameters only where `when` has a single condition"
            }
        }
        let combinations = max(conditions.count, 1) * (conditionalAllowances.count + 1)
        guard combinations > Self.mostCombinations else { return nil }
        return "conditions times allowances are \(combinations), and a proxy takes at most \(Self.mostCombinations)"
    }

    private var unsupportedMatches: String? {
        for match in (exemptions + conditionalAllowances.map(\.matches)).joined() {
            switch match.part {
            case .clientAddress: return "a proxy cannot exempt or favour client addresses"
            case .queryParameter: return "a proxy cannot exempt or favour by QueryParam"
            case .jwtClaim: return "a proxy cannot exempt or favour by JWTClaim"
            case .header, .cookie, .method, .host, .path, .pathSegment: continue
            }
        }
        return nil
    }

    private var unsupportedCost: String? {
        guard case .fixed(let cost) = cost else { return "a proxy cannot take a request's cost from a header" }
        return cost < 1 ? "a proxy cannot count requests that cost nothing" : nil
    }

    private var unsupportedAnswer: String? {
        if !["text/plain", "application/json"].contains(answer.contentType) {
            return "a proxy's own answer is text/plain or application/json"
        }
        guard answer.headers.count > Self.mostAnswerHeaders else { return nil }
        return "a proxy's own answer has at most \(Self.mostAnswerHeaders) headers"
    }
}

extension KeyPart.Source {
    /// Whether a request may come without it.
    package var mayBeMissing: Bool {
        switch self {
        case .header, .cookie, .queryParameter, .pathSegment, .jwtClaim: true
        case .clientAddress, .method, .host, .path: false
        }
    }
}

extension LimitSet {
    /// The limits held by each proxy that are answered as the first of them is, not as they say: a proxy has one answer
    /// for all of a route's own limits. `nil` where all say the same.
    package var unheardAnswers: (first: RateLimit, others: [RateLimit])? {
        let own = limits.filter { $0.scope == .perProxy }
        guard let first = own.first else { return nil }
        let others = own.filter { $0.answer != first.answer }
        return others.isEmpty ? nil : (first, others)
    }
}
