/// Growing pauses between attempts: `base`, doubled each time up to `ceiling`, spread by half in either direction so that
/// many clients do not return at once. A success starts again from `base`.
package struct Backoff: Hashable, Sendable {
    package var base: Duration
    package var ceiling: Duration
    /// Failures since the last success.
    package private(set) var failures = 0

    package init(base: Duration = .milliseconds(200), ceiling: Duration = .seconds(30)) {
        self.base = base
        self.ceiling = ceiling
    }

    /// The pause before the next attempt. `spread` is random in `0..<1`; the server's wish is a lower bound.
    package mutating func failed(spread: Double, retryAfter: Duration? = nil) -> Duration {
        let doubled = base * (1 << min(failures, 20))
        failures += 1
        return max(min(doubled, ceiling) * (0.5 + spread), retryAfter ?? .zero)
    }

    package mutating func succeeded() { failures = 0 }
}
