import Foundation
import KubernetesModel
import TestSupport
import Testing

/// Any of the processes may die at any time. Healthy routes go on as long as Envoy lives, and nothing acknowledged is
/// lost.
@Suite(
    .enabled(if: Tool.envoy.isWanted, "needs Envoy"), .enabled(if: Tool.kubectl.isWanted, "needs kubectl"),
    .timeLimit(.minutes(3)))
struct LostProcessTests {
    private let host = "steady.test"

    private func objects(_ backend: Backend) -> [JSONValue] {
        Manifest.service("steady", to: [backend]) + [
            Manifest.ingressClass("fairway", isDefault: true), Manifest.route("steady", host, to: "steady"),
        ]
    }

    private func streams(_ fairway: FairwayProcess) -> [Load.Stream] {
        [false, true].map { connectsAnew in
            Load.Stream(host: host, port: fairway.httpPort, connectsAnew: connectsAnew, backends: "steady")
        }
    }

    private func waitForRequests(_ count: Int, _ load: Load) async throws {
        let before = load.requests
        try await eventually("\(count) more requests were answered") {
            load.requests >= before + count || !load.failures.isEmpty
        }
    }

    @Test func `The API server is killed and comes back: traffic flows, and later changes arrive`() async throws {
        try await FairwayProcess.parts { fairway in
            try await Backend.run("steady") { backend in
                try await Program.run(fairway.apiArguments) { api in
                    try await api.waitUntilReady()
                    try await fairway.apply(objects(backend))
                    try await Program.run(fairway.controllerArguments) { controller in
                        try await controller.waitUntilReady()
                        try await fairway.wait(host)
                        try await loseTheAPI(api, fairway)
                    }
                }
            }
        }
    }

    private func loseTheAPI(_ api: Program, _ fairway: FairwayProcess) async throws {
        let load = Load()
        try await load.during(streams(fairway)) {
            api.send(SIGKILL)
            // A few seconds of outage, told in requests.
            try await waitForRequests(300, load)
            try await Program.run(fairway.apiArguments) { api in
                try await api.waitUntilReady()
                try await fairway.apply([Manifest.route("later", "later.test", to: "steady")])
                try await fairway.wait("later.test")
                try await fairway.delete("ingress", "later")
                try await fairway.wait("later.test") { $0.status == 404 }
            }
        }
        #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
    }

    @Test func `Envoy is killed and is serving again, with changes made since`() async throws {
        try await Backend.run("steady") { backend in
            try await FairwayProcess.up(manifests: ["steady.yaml": Manifest.text(objects(backend))]) { fairway in
                let pid = try #require(fairway.envoyPID)
                kill(pid, SIGKILL)
                try await eventually("another Envoy runs") { fairway.envoyPID.map { $0 != pid } ?? false }
                try await fairway.wait(host)
                try await fairway.apply([Manifest.route("later", "later.test", to: "steady")])
                try await fairway.wait("later.test")
                #expect(try await fairway.metric("fairway_envoy_restarts_total") == 1)
            }
        }
    }

    @Test func `The controller is killed under load: its successor adopts Envoy, and no request is lost`() async throws
    {
        try await FairwayProcess.parts { fairway in
            try await Backend.run("steady") { backend in
                try await Program.run(fairway.apiArguments) { api in
                    try await api.waitUntilReady()
                    try await fairway.apply(objects(backend))
                    try await Program.run(fairway.controllerArguments) { controller in
                        try await controller.waitUntilReady()
                        try await fairway.wait(host)
                        try await loseTheController(controller, fairway)
                    }
                }
            }
        }
    }

    private func loseTheController(_ controller: Program, _ fairway: FairwayProcess) async throws {
        let load = Load()
        let envoy = try #require(fairway.envoyPID)
        try await load.during(streams(fairway)) {
            controller.send(SIGKILL)
            try await waitForRequests(100, load)
            try await fairway.apply([Manifest.route("meanwhile", "meanwhile.test", to: "steady")])
            try await Program.run(fairway.controllerArguments) { successor in
                try await successor.waitUntilReady()
                #expect(fairway.envoyPID == envoy)
                try await successor.waitUntilPrinted("adopted=true")
                try await fairway.wait("meanwhile.test")
                try await fairway.apply([Manifest.route("later", "later.test", to: "steady")])
                try await fairway.wait("later.test")
                try await waitForRequests(100, load)
                // Before it drains Envoy.
                load.finish()
            }
        }
        #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
    }

    @Test func `Killing everything but Envoy loses no acknowledged write and no request`() async throws {
        try await FairwayProcess.parts { fairway in
            try await Backend.run("steady") { backend in
                try fairway.write("steady.yaml", Manifest.text(objects(backend)))
                let load = Load()
                let acknowledged = try await Program.run(fairway.upArguments) { up in
                    try await up.waitUntilReady()
                    try await fairway.wait(host)
                    return try await writeUntilKilled(up, fairway)
                }.result
                #expect(!acknowledged.isEmpty)
                try await load.during(streams(fairway)) {
                    try await Program.run(fairway.upArguments) { up in
                        try await up.waitUntilReady()
                        let kept = Set(try await fairway.list("configmap", as: Named.self).map(\.metadata.name))
                        #expect(kept.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(kept))")
                        try await up.waitUntilPrinted("adopted=true")
                        try await fairway.apply([Manifest.route("later", "later.test", to: "steady")])
                        try await fairway.wait("later.test")
                        load.finish()
                    }
                }
                #expect(load.failures.isEmpty, "\(load.summary); \(load.failures.prefix(5))")
            }
        }
    }

    private struct Named: Decodable {
        struct Metadata: Decodable { var name: String }
        var metadata: Metadata
    }

    /// Writes one object after the other while the server is killed; gives those that it acknowledged.
    private func writeUntilKilled(_ up: Program, _ fairway: FairwayProcess) async throws -> Set<String> {
        try await withThrowingTaskGroup(of: Set<String>.self) { group in
            let progress = Progress()
            group.addTask {
                while true {
                    do {
                        let names = (0..<20).map { "written-\(progress.count)-\($0)" }
                        try await fairway.apply(names.map { Manifest.object("v1", "ConfigMap", $0, ["data": [:]]) })
                        progress.wrote(names)
                    } catch {
                        // Killed. What the last call had written before is beyond what is promised here.
                        return progress.names
                    }
                }
            }
            try await eventually("some writes were acknowledged") { progress.count >= 40 }
            up.send(SIGKILL)
            return try await group.next() ?? []
        }
    }
}
