import TrafficPlan

@testable import RateLimiter

/// Apart from the tests of tokens, where JWTKit has a `JWTClaim` of its own.
enum Claims {
    static func verified(
        _ path: [String], keySet: String, issuer: String? = nil, audiences: [String] = []
    ) -> JWTClaim {
        JWTClaim(path: path, trust: .verified(keySet: keySet, issuer: issuer, audiences: audiences))
    }

    static func unverified(_ path: [String]) -> JWTClaim { JWTClaim(path: path, trust: .unverified) }

    static func request(_ headers: [String: String]) -> LimitedRequest { .from("192.0.2.1", headers) }

    static func value(of claim: JWTClaim, in headers: [String: String], now: Int64) async -> String? {
        guard let verifier = TokenReader(wallClock: { now }).verifiers(of: [claim]).first else { return nil }
        return await verifier.claims(of: request(headers))[claim]
    }
}
