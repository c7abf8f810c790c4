import TrafficPlan

/// Reads claims of the tokens that requests bring.
package final class TokenReader: Sendable {
    package init() {}

    /// Reads the key sets, so that no request waits for that.
    func prepare(_ claims: Set<JWTClaim>) {}

    /// What the tokens of `request` say, verified where the claim asks for it. A token that does not verify, or cannot be
    /// read, says nothing.
    func claims(_ claims: Set<JWTClaim>, of request: LimitedRequest) async -> TokenClaims { TokenClaims() }
}

package struct TokenClaims: Sendable {
    func value(of claim: JWTClaim, in token: String) -> String? { nil }
}
