import Foundation
import KubernetesModel
import NIOSSL
import TLSMaterial
import TestSupport
import Testing

/// The promise: no request is lost, and no WebSocket cut, to a change of routes, backends, Services or certificates.
@Suite(
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(5)))
struct ZeroLossTests {
    /// How long changes go on; shorter with `FAIRWAY_LOAD_SECONDS`.
    private var duration: Duration {
        .seconds(ProcessInfo.processInfo.environment["FAIRWAY_LOAD_SECONDS"].flatMap { Int($0) } ?? 60)
    }

    @Test func `Routes, backends, Services and certificates change under load without a lost request`() async throws {
        let authority = try CertificateAuthority.forTests()
        let trust = try TLSConfiguration.trusting(authority)
        let duration = duration
        try await BackendFleet.run { fleet in
            let start = try await Scenery.start(fleet)
            try await FairwayProcess.up(
                manifests: ["load.yaml": Manifest.text(try start.objects(authority))]
            ) { fairway in
                let load = Load()
                let before = try await fairway.listenerChanges()
                var scenery = start
                let rounds = try await load.during(
                    streams(fairway, trust), sockets: sockets(fairway, trust)
                ) {
                    let end = ContinuousClock.now + duration
                    var rounds = 0
                    while ContinuousClock.now < end {
                        rounds += 1
                        try await scenery.change(fairway, fleet, authority, round: rounds)
                    }
                    return rounds
                }
                print("load test: \(rounds) rounds of changes, \(load.summary)")
                #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(10))")
                #expect(rounds >= 2)
                // Steady indeed, even on a slow machine: at least a tenth of the pace asked for.
                #expect(load.requests > Int(duration / .seconds(1)) * 35, "\(load.summary)")
                #expect(load.messages > Int(duration / .seconds(1)) * 8, "\(load.summary)")
                let after = try await fairway.listenerChanges()
                #expect(after == before, "listeners were changed")
            }
        }
    }

    /// About 350 requests a second altogether.
    private func streams(_ fairway: FairwayProcess, _ trust: TLSConfiguration) -> [Load.Stream] {
        func stream(_ host: String, _ backends: String, tls: Bool, anew: Bool) -> Load.Stream {
            Load.Stream(
                host: host, port: tls ? fairway.httpsPort : fairway.httpPort, tls: tls ? trust : nil,
                connectsAnew: anew, backends: backends, interval: .milliseconds(20))
        }
        return [
            stream("rolled.load.test", "rolled-", tls: false, anew: false),
            stream("rolled.load.test", "rolled-", tls: false, anew: false),
            stream("rolled.load.test", "rolled-", tls: false, anew: true),
            stream("rolled.load.test", "rolled-", tls: true, anew: false),
            stream("rolled.load.test", "rolled-", tls: true, anew: true),
            stream("swapped.load.test", "swapped-", tls: false, anew: false),
            stream("swapped.load.test", "swapped-", tls: true, anew: false),
        ]
    }

    private func sockets(_ fairway: FairwayProcess, _ trust: TLSConfiguration) -> [Load.Stream] {
        [false, true, false, true].map { tls in
            Load.Stream(
                host: "sockets.load.test", port: tls ? fairway.httpsPort : fairway.httpPort, tls: tls ? trust : nil,
                backends: "sockets-", interval: .milliseconds(50))
        }
    }
}

extension FairwayProcess {
    struct ListenerChanges: Equatable {
        var added: Double?
        var modified: Double?
        var removed: Double?
    }

    /// What Envoy counted since its start. It lists no counter that never counted.
    fileprivate func listenerChanges() async throws -> ListenerChanges {
        let changes = ListenerChanges(
            added: try await metric("envoy_listener_manager_listener_added"),
            modified: try await metric("envoy_listener_manager_listener_modified") ?? 0,
            removed: try await metric("envoy_listener_manager_listener_removed") ?? 0)
        #expect(changes == ListenerChanges(added: 2, modified: 0, removed: 0))
        return changes
    }
}
