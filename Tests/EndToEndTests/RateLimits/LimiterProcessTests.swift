import Foundation
import KubernetesModel
import Subprocess
import TestSupport
import Testing

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// `fairway ratelimit` as docs/operations.md runs it: a process of its own, beside a controller and an Envoy that are
/// processes of their own.
@Suite(
    .serialized, .enabled(if: Tool.envoy.isWanted, "needs Envoy"),
    .enabled(if: Tool.kubectl.isWanted, "needs kubectl"), .timeLimit(.minutes(2)))
struct LimiterProcessTests {
    @Test(arguments: [false, true])
    func `A limiter elsewhere is ready with the controller's limits, counts, shows them, and ends on SIGTERM`(
        isSecured: Bool
    ) async throws {
        try await RemoteParts.run(isSecured: isSecured) { parts in
            let ending = try await Program.run(parts.limiterArguments) { limiter in
                try await parts.waitUntilLimiter(answers: 503)
                try await parts.withControllerAndEnvoy {
                    try await limiter.waitUntilReady()
                    try await parts.waitUntilLimiter(answers: 200)
                    try await parts.applyLimits()
                    try await parts.fairway.wait("counted.test") { $0.status == 429 }
                    let table = try await parts.limiter.fairway("limits", "--policy", "counted")
                    #expect(table.contains("default/counted  total") && table.contains("3 per month"), "\(table)")
                    let sets = try await parts.limiter.metric("fairway_ratelimit_limit_sets")
                    #expect(sets == 2)
                    limiter.send(SIGTERM)
                    // Envoy keeps its connection, and must not be waited for.
                    try await parts.fairway.wait("counted.test") { $0.status == 503 }
                }
            }.ending
            #expect(ending.exitCode == 0, "\(ending.status)\n\(ending.log)")
            #expect(ending.duration < .seconds(10), "\(ending.log)")
        }
    }

    @Test func `A limiter is killed under load: limits do what they say, and its successor counts`() async throws {
        try await RemoteParts.run(isSecured: false) { parts in
            try await parts.withControllerAndEnvoy {
                let load = Load()
                try await Program.run(parts.limiterArguments) { limiter in
                    try await limiter.waitUntilReady()
                    try await parts.applyLimits()
                    try await parts.fairway.wait("counted.test") { $0.status == 429 }
                    try await parts.fairway.wait("open.test")
                    try await load.during([
                        Load.Stream(
                            host: "open.test", port: parts.fairway.httpPort, connectsAnew: false, backends: "steady")
                    ]) {
                        limiter.send(SIGKILL)
                        try await parts.fairway.wait("counted.test") { $0.status == 503 }
                        try await Program.run(parts.limiterArguments) { successor in
                            try await successor.waitUntilReady()
                            // In memory, counters begin anew.
                            try await parts.fairway.wait("counted.test") { $0.status == 200 }
                            try await parts.fairway.wait("counted.test") { $0.status == 429 }
                            load.finish()
                        }
                    }
                }
                #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
            }
        }
    }
}

/// A local API with a backend, and what it takes to run the rest as processes of their own.
private struct RemoteParts: Sendable {
    let fairway: FairwayProcess
    /// The same cluster, asked through the limiter's admin port.
    let limiter: FairwayProcess
    let isSecured: Bool
    let discoveryPort: UInt16
    let limiterPort: UInt16

    static func run(
        isSecured: Bool, _ body: @escaping @Sendable (RemoteParts) async throws -> Void
    ) async throws {
        try await FairwayProcess.parts { fairway in
            let parts = try RemoteParts(
                fairway: fairway,
                limiter: FairwayProcess(
                    httpPort: fairway.httpPort, httpsPort: fairway.httpsPort, apiPort: fairway.apiPort,
                    adminPort: freePort(), directory: fairway.directory),
                isSecured: isSecured, discoveryPort: freePort(), limiterPort: freePort())
            if isSecured { try await parts.makeCertificates() }
            try parts.writeBootstrap()
            _ = try await Backend.run("steady") { backend in
                try await Program.run(fairway.apiArguments) { api in
                    try await api.waitUntilReady()
                    try await fairway.apply(
                        Manifest.service("steady", to: [backend]) + [
                            Manifest.ingressClass("fairway", isDefault: true),
                            Manifest.route("counted", "counted.test", to: "steady"),
                            Manifest.route("open", "open.test", to: "steady"),
                        ])
                    try await body(parts)
                }
            }
        }
    }

    /// One limit that lets three requests pass and needs its limiter, and one that lets all pass and does without.
    func applyLimits() async throws {
        func policy(_ name: String, _ requests: Int64, onLimiterFailure: JSONValue) -> JSONValue {
            let target: JSONValue = ["group": "networking.k8s.io", "kind": "Ingress", "name": .string(name)]
            return Manifest.object(
                "fairway.dev/v1alpha1", "RateLimitPolicy", name,
                [
                    "spec": [
                        "targetRefs": [target],
                        "limits": [
                            [
                                "name": "total", "onLimiterFailure": onLimiterFailure,
                                "allow": ["requests": .integer(requests), "per": "Month"],
                            ]
                        ],
                    ]
                ])
        }
        try await fairway.apply([
            policy("counted", 3, onLimiterFailure: "Deny"), policy("open", 100_000_000, onLimiterFailure: "Allow"),
        ])
    }

    func waitUntilLimiter(answers status: Int) async throws {
        try await eventually("the limiter's /readyz answers \(status)") {
            // Refused before it listens.
            let answer = try? await HTTPConnection.open(port: limiter.adminPort) { connection in
                try await connection.send("GET", "/readyz", host: "localhost")
            }
            return answer?.status == status
        }
    }

    func withControllerAndEnvoy(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await Program.run(controllerArguments) { _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await Subprocess.run(
                        .path(FilePath(try Tool.envoy.required())),
                        arguments: ["--disable-hot-restart", "--concurrency", "1", "-c", directory + "/envoy.yaml"],
                        output: .discarded, error: .discarded)
                }
                try await fairway.wait("open.test")
                try await body()
                group.cancelAll()
            }
        }
    }
}

extension RemoteParts {
    private var directory: String { fairway.directory }

    private var controllerArguments: [String] {
        let security =
            isSecured
            ? [
                "--xds-cert", file("fairway-controller.crt"), "--xds-key", file("fairway-controller.key"),
                "--xds-client-ca", file("ca.crt"), "--ratelimit-tls-cert", file("envoy.crt"), "--ratelimit-tls-key",
                file("envoy.key"), "--ratelimit-tls-ca", file("ca.crt"),
            ] : ["--xds-plaintext"]
        return [
            "controller", "--kubeconfig", fairway.kubeconfig, "--bind", "127.0.0.1", "--http-port",
            "\(fairway.httpPort)", "--https-port", "\(fairway.httpsPort)", "--admin-port", "\(fairway.adminPort)",
            "--data-dir", fairway.dataDirectory, "--xds-address", "127.0.0.1:\(discoveryPort)", "--ratelimit-service",
            "localhost:\(limiterPort)", "--ratelimit-timeout", "2000",
        ] + security
    }

    var limiterArguments: [String] {
        let security =
            isSecured
            ? [
                "--tls-cert", file("limiter.crt"), "--tls-key", file("limiter.key"), "--tls-ca", file("ca.crt"),
                "--controller-name", "fairway-controller",
            ] : ["--plaintext"]
        return [
            "ratelimit", "--controller", "localhost:\(discoveryPort)", "--listen", "127.0.0.1:\(limiterPort)",
            "--counters", "memory", "--admin-port", "\(limiter.adminPort)",
        ] + security
    }

    private func file(_ name: String) -> String { "\(directory)/\(name)" }

    /// With the commands of docs/operations.md. A certificate without a list of uses serves a limiter on both its sides.
    private func makeCertificates() async throws {
        let script = """
            set -e
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \\
              -subj '/CN=fairway xds' -keyout ca.key -out ca.crt
            for pair in fairway-controller:fairway-controller envoy:envoy limiter:localhost; do
              name=${pair%:*}
              openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \\
                -addext "subjectAltName=DNS:${pair#*:}" -keyout "$name.key" -out "$name.csr"
              openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 \\
                -copy_extensions copy -out "$name.crt"
            done
            """
        let outcome = try await Subprocess.run(
            .name("bash"), arguments: ["-c", script], workingDirectory: FilePath(directory), output: .discarded,
            error: .string(limit: 1 << 16))
        try #require(outcome.terminationStatus.isSuccess, "\(outcome.standardError)")
    }

    /// The bootstrap that docs/operations.md names, with its marked places changed.
    private func writeBootstrap() throws {
        var bootstrap = try String(
            contentsOfFile: Tool.packageDirectory + "/Examples/remote-envoy/envoy.yaml", encoding: .utf8)
        for (old, new) in [
            ("port_value: 18000", "port_value: \(discoveryPort)"), ("/tmp/envoy-admin.sock", file("admin.sock")),
            ("filename: envoy.crt", "filename: \(file("envoy.crt"))"),
            ("filename: envoy.key", "filename: \(file("envoy.key"))"),
            ("filename: ca.crt", "filename: \(file("ca.crt"))"),
        ] { bootstrap = bootstrap.replacingOccurrences(of: old, with: new) }
        if !isSecured {
            let start = try #require(bootstrap.range(of: "      transport_socket:\n"))
            let end = try #require(bootstrap.range(of: "\nlayered_runtime:"))
            bootstrap.removeSubrange(start.lowerBound..<end.lowerBound)
        }
        try bootstrap.write(toFile: file("envoy.yaml"), atomically: true, encoding: .utf8)
    }
}
