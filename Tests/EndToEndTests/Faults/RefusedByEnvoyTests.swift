import TestSupport
import Testing

@Suite(
    .gateway(services: ["steady"], objects: [Manifest.route("steady", "steady.test", to: "steady")]),
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(2)))
struct RefusedByEnvoyTests {
    /// Envoy matches bytes, so that an escape beyond `\x{ff}` means nothing to it; the compiler does not look that
    /// closely.
    private let expression = #"/[\x{100}a]+"#

    @Test func `What Envoy alone refuses is kept from it and told, and everything else is served`() async throws {
        let gateway = try Gateway.current
        let load = Load()
        let stream = Load.Stream(host: "steady.test", port: gateway.fairway.httpPort, backends: "steady")
        try await load.during([stream]) {
            try await gateway.fairway.apply([
                Manifest.route("before", "before.test", to: "steady"),
                Manifest.ingress("refused", [Manifest.Rule("refused.test", [.specific(expression, "steady")])]),
                Manifest.route("behind", "behind.test", to: "steady"),
            ])
            try await gateway.wait("before.test")
            try await gateway.wait("behind.test")
            try await gateway.expectEvent(of: "refused", "RefusedByEnvoy", saying: "invalid escape sequence")
            try await gateway.expectEvent(of: "refused", "RefusedByEnvoy", saying: "host refused.test was refused")
            // Later changes are not held up by it, and its own repair takes effect.
            try await gateway.fairway.apply([Manifest.route("later", "later.test", to: "steady")])
            try await gateway.wait("later.test")
            try await gateway.fairway.apply([Manifest.route("refused", "refused.test", to: "steady")])
            try await gateway.wait("refused.test")
        }
        #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
        #expect(try await gateway.events(of: "before").isEmpty)
        #expect(try await gateway.events(of: "behind").isEmpty)
    }
}
