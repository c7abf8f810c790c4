import Synchronization
import TrafficPlan

/// Makes those who read the claims of a set's limits, and lets sets share them, with what they remember.
package final class TokenReader: Sendable {
    private struct Shared {
        weak var verifier: TokenVerifier?
    }

    private let shared = Mutex<[Set<JWTClaim>: Shared]>([:])
    private let wallClock: @Sendable () -> Int64

    /// `wallClock`: seconds since 1970, as tokens tell their times.
    package init(wallClock: @escaping @Sendable () -> Int64 = { MonotonicTime.wallClockSeconds() }) {
        self.wallClock = wallClock
    }

    /// One for each header and kind of trust.
    func verifiers(of claims: Set<JWTClaim>) -> [TokenVerifier] {
        guard !claims.isEmpty else { return [] }
        let groups = Dictionary(grouping: claims) { JWTClaim(path: [], header: $0.header, trust: $0.trust) }
        return shared.withLock { shared in
            shared = shared.filter { $0.value.verifier != nil }
            return groups.values.map { group in
                let wanted = Set(group)
                if let known = shared[wanted]?.verifier { return known }
                let new = TokenVerifier(group, wallClock: wallClock)
                shared[wanted] = Shared(verifier: new)
                return new
            }
        }
    }
}
