import Synchronization
import TrafficPlan

/// What one token says of the claims that limits look at.
struct TokenClaims: Sendable {
    let claims: [JWTClaim]
    let values: [String?]

    /// `nil` where there is no such claim, or the token does not verify.
    subscript(claim: JWTClaim) -> String? { claims.firstIndex(of: claim).flatMap { values[$0] } }
}

/// Reads claims of the tokens in one header. What a token said is remembered, in bounded room and not beyond its own time,
/// so that a signature is not verified for each request.
final class TokenVerifier: Sendable {
    /// Bytes; a longer one is not read.
    static let longestToken = 16 << 10
    /// Of a claim's value that is kept; a longer one counts by its hash.
    static let longestValue = 512
    /// Clocks differ; as proxies have it.
    static let leeway: Int64 = 60
    /// A key taken out of a set has its tokens refused after this many seconds, even without a new set.
    static let longestMemory: Int64 = 60

    private let claims: [JWTClaim]
    private let header: String
    private let keys: TokenKeys?
    private let remembered = Mutex(RememberedTokens())
    private let secret = (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max))
    private let wallClock: @Sendable () -> Int64

    /// All of `claims` have the same header and trust.
    init(_ claims: [JWTClaim], wallClock: @escaping @Sendable () -> Int64) {
        self.claims = claims
        self.wallClock = wallClock
        header = claims.first?.header ?? ""
        if case .verified(let keySet, let issuer, let audiences)? = claims.first?.trust {
            keys = TokenKeys(keySet: keySet, issuer: issuer, audiences: audiences)
        } else {
            keys = nil
        }
    }

    func claims(of request: LimitedRequest) async -> TokenClaims {
        guard let text = request.headers[header], text.utf8.count <= Self.longestToken else { return nothing }
        let token = Self.withoutBearer(text)
        let now = wallClock()
        let key = key(of: token)
        if let values = remembered.withLock({ $0.find(key, now: now) }) {
            return TokenClaims(claims: claims, values: values)
        }
        let payload = await payload(of: token, now: now)
        let values = claims.map { payload?.claims.text(at: $0.path) }
        let until = min(payload?.expiry(leeway: Self.leeway) ?? .max, now + Self.longestMemory)
        remembered.withLock { $0.remember(key, values, until: until) }
        return TokenClaims(claims: claims, values: values)
    }

    private var nothing: TokenClaims { TokenClaims(claims: claims, values: claims.map { _ in nil }) }

    private func payload(of token: String, now: Int64) async -> TokenPayload? {
        guard let keys else { return TokenPayload(unverified: token) }
        guard let payload = await keys.verified(token), payload.isValid(at: now, leeway: Self.leeway) else {
            return nil
        }
        return keys.accepts(payload) ? payload : nil
    }

    private func key(of token: String) -> CounterKey {
        var hash = SipHash128(secret.0, secret.1)
        hash.append(part: token)
        return hash.finish()
    }

    /// RFC 6750, section 2.1; schemes are read whatever their case.
    private static func withoutBearer(_ text: String) -> String {
        let scheme = "bearer "
        guard text.utf8.count > scheme.utf8.count, text.prefix(scheme.count).lowercased() == scheme else { return text }
        return String(text.dropFirst(scheme.count).drop { $0 == " " })
    }
}

/// Two generations: when the younger is full, the older goes. At most twice `capacity` tokens.
private struct RememberedTokens {
    private static let capacity = 4096

    private struct Entry {
        var values: [String?]
        var until: Int64
    }

    private var young: [CounterKey: Entry] = [:]
    private var old: [CounterKey: Entry] = [:]

    func find(_ key: CounterKey, now: Int64) -> [String?]? {
        guard let entry = young[key] ?? old[key], entry.until > now else { return nil }
        return entry.values
    }

    mutating func remember(_ key: CounterKey, _ values: [String?], until: Int64) {
        if young.count >= Self.capacity { (old, young) = (young, [:]) }
        young[key] = Entry(values: values, until: until)
    }
}
