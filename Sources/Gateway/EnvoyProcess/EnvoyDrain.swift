/// Takes an Envoy out of service without cutting a request.
struct EnvoyDrain: Sendable {
    private static let interval: Duration = .milliseconds(50)

    /// Still accepting, while load balancers in front learn to look elsewhere.
    var acceptFor: Duration
    /// Longest wait for requests in flight, after that.
    var timeout: Duration

    func run(on admin: EnvoyAdmin) async throws {
        try await admin.failHealthChecks()
        if acceptFor > .zero { try await Task.sleep(for: acceptFor) }
        try await admin.closeListeners()
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        // Twice in a row: a request may be between its connection and its first byte.
        var quietLooks = 0
        while quietLooks < 2, clock.now < deadline {
            quietLooks = try await admin.activeRequests() == 0 ? quietLooks + 1 : 0
            try await clock.sleep(for: Self.interval)
        }
    }
}
