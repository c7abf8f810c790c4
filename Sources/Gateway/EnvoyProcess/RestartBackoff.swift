/// How long to wait before starting Envoy again: not at all after a long healthy run, longer each time it dies young.
struct RestartBackoff: Sendable {
    var first: Duration = .milliseconds(100)
    var longest: Duration = .seconds(15)
    /// A run of this length forgives what was before.
    var stable: Duration = .seconds(30)
    private var failures = 0

    init(first: Duration = .milliseconds(100), longest: Duration = .seconds(15), stable: Duration = .seconds(30)) {
        self.first = first
        self.longest = longest
        self.stable = stable
    }

    /// - Parameters:
    ///   - ranFor: How long the run was that just ended.
    ///   - jitter: 0 to 1; spreads the wait over 80% to 120%.
    mutating func ended(ranFor: Duration, jitter: Double) -> Duration {
        if ranFor >= stable { failures = 0 }
        defer { failures += 1 }
        guard failures > 0 else { return .zero }
        let doubled = first * (1 << min(failures - 1, 16))
        return min(doubled, longest) * (0.8 + 0.4 * jitter)
    }
}
