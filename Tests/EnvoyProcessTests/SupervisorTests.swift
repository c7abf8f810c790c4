import Foundation
import NetTypes
import TestSupport
import Testing

@testable import EnvoyProcess

@Suite(.enabled(if: Tool.envoy.isWanted, "Envoy is not installed"), .timeLimit(.minutes(2)))
struct `A supervised Envoy` {
    @Test func `serves, is started again when it is killed, and leaves nothing behind when stopped`() async throws {
        try await withTemporaryDirectory { folder in
            let envoy = try SupervisedEnvoy(folder: folder, port: try freePort())
            try await envoy.running { supervisor in
                let first = try await envoy.pidWhenServing()
                #expect(try await SupervisedEnvoy.ask(envoy.url) == 200)
                #expect(try await supervisor.admin?.prometheusText().contains("envoy_server_live") == true)
                kill(first, SIGKILL)
                let second = try await eventually("another Envoy serves") {
                    let pid = try await envoy.pidWhenServing()
                    return pid == first ? nil : pid
                }
                #expect(try await SupervisedEnvoy.ask(envoy.url) == 200)
                #expect(ProcessIdentity(pid: first) == nil && ProcessIdentity(pid: second) != nil)
                #expect(envoy.log.contains("Envoy ended, it is started again"))
                #expect(envoy.log.contains("signal 9"))
                try await eventually("Envoy's own log is in ours") {
                    envoy.log.contains("debug starting main dispatch loop")
                }
                try await eventually("Envoy's access log comes") { envoy.log.contains("access [") }
            }
            #expect(envoy.supervisor.status == .stopped)
            #expect(ListeningSocket.isRefused(port: envoy.port))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["envoy.lock"])
        }
    }

    @Test func `finishes a request in flight before it stops, and takes no new one`() async throws {
        try await withTemporaryDirectory { folder in
            let envoy = try SupervisedEnvoy(folder: folder, port: try freePort())
            try await envoy.running { supervisor in
                _ = try await envoy.pidWhenServing()
                let admin = try #require(supervisor.admin)
                async let slow = SupervisedEnvoy.ask(envoy.url, delay: 1500)
                try await eventually("the request is in flight") { try await admin.activeRequests() == 1 }
                supervisor.stop()
                try await eventually("new connections are refused") { ListeningSocket.isRefused(port: envoy.port) }
                #expect(try await admin.activeRequests() == 1)
                #expect(try await slow == 200)
            }
        }
    }

    @Test func `outlives a killed supervisor, and is adopted by the next`() async throws {
        try await withTemporaryDirectory { folder in
            let port = try freePort()
            let left = try await leftBehind(folder: folder, port: port)
            let envoy = try SupervisedEnvoy(
                folder: folder, port: port,
                ports: [PortClaim(address: .v4(127, 0, 0, 1), port: port, flag: "--http-port")])
            #expect(try await SupervisedEnvoy.ask(envoy.url) == 200, "nobody supervises, Envoy serves")
            try await envoy.running { supervisor in
                #expect(try await envoy.pidWhenServing() == left)
                guard case .serving(_, _, isAdopted: true) = supervisor.status else {
                    Issue.record("not adopted: \(supervisor.status)")
                    return
                }
                #expect(try await SupervisedEnvoy.ask(envoy.url) == 200)
                try await eventually("the adopted one's access log comes") { envoy.log.contains("access [") }
                kill(left, SIGKILL)
                try await eventually("a new one serves") { try await envoy.pidWhenServing() != left }
                #expect(try await SupervisedEnvoy.ask(envoy.url) == 200)
            }
        }
    }

    @Test func `is drained when it was adopted`() async throws {
        try await withTemporaryDirectory { folder in
            let envoy = try SupervisedEnvoy(folder: folder, port: try freePort())
            let left = try await leftBehind(folder: folder, port: envoy.port)
            try await envoy.running { _ in
                let pid = try await envoy.pidWhenServing()
                #expect(pid == left)
            }
            #expect(ProcessIdentity(pid: left) == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["envoy.lock"])
        }
    }

    @Test func `of another make is replaced while requests go on`() async throws {
        try await withTemporaryDirectory { folder in
            let port = try freePort()
            let left = try await leftBehind(folder: folder, port: port)
            let envoy = try SupervisedEnvoy(folder: folder, port: port, concurrency: 2)
            let answers = LogLines()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        let status = (try? await SupervisedEnvoy.ask(envoy.url)) ?? 0  // 0: no answer at all.
                        if !Task.isCancelled { answers.add("\(status)") }
                    }
                }
                try await envoy.running { _ in
                    #expect(try await envoy.pidWhenServing() != left)
                    try await eventually("the old one is gone") { ProcessIdentity(pid: left) == nil }
                    let count = answers.all.count
                    try await eventually("some more requests") { answers.all.count > count + 20 }
                    group.cancelAll()
                }
            }
            let all = answers.all
            // The kernel resets what waits in the old listener's queue at the moment it closes, unless
            // net.ipv4.tcp_migrate_req is set; clients connect again. Nothing that was accepted is lost.
            let failed = all.filter { $0 != "200" }
            #expect(all.count > 20)
            #expect(failed.count <= 2 && failed.allSatisfy { $0 == "0" }, "\(failed) of \(all.count)")
        }
    }

    @Test func `on a taken port is not started at all`() async throws {
        try await withTemporaryDirectory { folder in
            let holder = try ListeningSocket(port: try freePort())
            defer { holder.close() }
            let port = holder.port
            let envoy = try SupervisedEnvoy(
                folder: folder, port: port,
                ports: [PortClaim(address: .v4(127, 0, 0, 1), port: port, flag: "--http-port")])
            let error = await #expect(throws: EnvoyProcessError.self) { try await envoy.supervisor.run() }
            #expect(error?.code == .portTaken, "\(String(describing: error))")
        }
    }

    @Test func `ends with a cancelled supervisor`() async throws {
        try await withTemporaryDirectory { folder in
            let envoy = try SupervisedEnvoy(folder: folder, port: try freePort())
            var pid: Int32?
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await envoy.supervisor.run() }  // It throws, since it is cancelled.
                pid = try? await envoy.pidWhenServing()
                group.cancelAll()
            }
            #expect(ProcessIdentity(pid: try #require(pid)) == nil)
        }
    }

    /// The process of an Envoy whose supervisor was killed with SIGKILL, in a process of its own.
    private func leftBehind(folder: String, port: UInt16) async throws -> Int32 {
        await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String, port = port as UInt16] in
            let envoy = try SupervisedEnvoy(folder: folder, port: port)
            try await envoy.running { _ in
                _ = try await envoy.pidWhenServing()
                kill(getpid(), SIGKILL)
            }
        }
        let record = try #require(ProcessRecord.read(at: RunFolder.recordPath(in: folder)))
        #expect(record.process.isAlive)
        return record.process.pid
    }
}
