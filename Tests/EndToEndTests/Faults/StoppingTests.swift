import EchoServer
import Foundation
import TestSupport
import Testing

/// SIGTERM drains; a second one, or Ctrl-C, stops at once.
@Suite(
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(2)))
struct StoppingTests {
    private let host = "steady.test"

    private func run<Result: Sendable>(
        _ body: @escaping @Sendable (Program, FairwayProcess, Backend) async throws -> Result
    ) async throws -> (result: Result, ending: Program.Ending) {
        try await FairwayProcess.parts { fairway in
            try await Backend.run("steady") { backend in
                try fairway.write(
                    "steady.yaml",
                    Manifest.text(
                        Manifest.service("steady", to: [backend]) + [Manifest.route("steady", host, to: "steady")]))
                return try await Program.run(fairway.upArguments) { up in
                    try await up.waitUntilReady()
                    try await fairway.wait(host)
                    return try await body(up, fairway, backend)
                }
            }
        }
    }

    private func waitUntilReached(_ backend: Backend, requests: Int) async throws {
        try await eventually("the request has reached its backend") {
            backend.server.map { $0.requestCount > requests } ?? false
        }
    }

    private func waitUntilRefused(_ fairway: FairwayProcess) async throws {
        try await eventually("new connections are refused") {
            do {
                _ = try await fairway.get(host)
                return false
            } catch {
                return true
            }
        }
    }

    @Test func `A request in flight is finished, no new one is taken, and the exit code is 0`() async throws {
        let (answer, ending) = try await run { up, fairway, backend in
            let before = backend.server?.requestCount ?? 0
            async let slow = fairway.get(host, "/?delay=4s")
            try await waitUntilReached(backend, requests: before)
            up.send(SIGTERM)
            try await waitUntilRefused(fairway)
            return try await slow
        }
        #expect(answer.status == 200)
        #expect(ending.exitCode == 0, "\(ending.status)\n\(ending.log)")
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `A second signal stops at once, Envoy too`(signal: Int32) async throws {
        let (envoy, ending) = try await run { up, fairway, backend in
            let envoy = try #require(fairway.envoyPID)
            let before = backend.server?.requestCount ?? 0
            async let hanging: Void = {
                // It is cut, and that is the point.
                _ = try? await fairway.get(host, "/?hang=1")
            }()
            try await waitUntilReached(backend, requests: before)
            up.send(SIGTERM)
            try await waitUntilRefused(fairway)
            // Signals close to each other count as one, so again until one is heard.
            try await eventually("Envoy ends", within: .seconds(10)) {
                up.send(signal)
                return kill(envoy, 0) != 0
            }
            await hanging
            return envoy
        }
        #expect(ending.exitCode == 130, "\(ending.status)\n\(ending.log)")
        #expect(ending.duration < .seconds(5), "\(ending.log)")
        #expect(kill(envoy, 0) != 0, "Envoy is still there")
    }
}
