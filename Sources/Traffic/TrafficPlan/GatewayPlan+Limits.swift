extension GatewayPlan {
    /// What every limit of the chosen route says of the request.
    ///
    /// Tokens are taken by their word: whether one verifies, only the limiter knows.
    func limits(
        of route: Route, for request: Request, _ target: PathNormalization.Target, host: String
    )
        -> Decision.Limits?
    {
        guard let set = route.limits.flatMap({ limitSets[$0] }), let compiled = try? CompiledLimitSet(set) else {
            return nil
        }
        let limited = LimitedRequest(
            clientAddress: request.clientAddress, method: request.method, host: host, path: target.path,
            query: String(target.query.drop { $0 == "?" }),
            headers: Dictionary(
                request.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first }))
        let verdicts = compiled.verdicts(for: limited) { claim, token in
            UnverifiedToken.claim(at: claim.path, in: token)
        }
        return Decision.Limits(
            candidates: zip(set.limits, verdicts).map { Decision.LimitCandidate(limit: $0, verdict: $1) },
            replaced: set.replaced)
    }
}
