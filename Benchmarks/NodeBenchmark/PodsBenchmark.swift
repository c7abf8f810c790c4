import Foundation
import Logging
import NetTypes
import Netlink
import NodeAgent
import PodNetwork

/// CNI's ADD and DEL as a runtime sees them, from the start of the executable to its end: ours through its agent, and the reference
/// plugins bridge with host-local. Same machine, same kind of namespaces, one by one and a hundred at once.
struct PodsBenchmark {
    /// `Scripts/build-cni` makes it.
    var shim = ".build/fairway-cni"
    var reference = "/usr/lib/cni"
    var rounds = 50
    var crowd = 100

    private struct Plugin: Sendable {
        var name: String
        var program: String
        var configuration: String
        var folder: String
    }

    func run() async throws {
        try await withNode("ours") { node, directory in
            let log = Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
            let agent = try PodNetworkAgent(.init(stateDirectory: directory, nodeNamespace: node), log: log)
            agent.setPools([IPPrefix("10.244.0.0/22")].compactMap(\.self))
            try await agent.start()
            let socket = directory + "/cni.sock"
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await agent.run() }
                let (listening, open) = AsyncStream.makeStream(of: Void.self)
                group.addTask { try await ShimServer(path: socket, agent: agent, log: log).run { open.finish() } }
                for await _ in listening {}
                let text = #"{"cniVersion":"1.0.0","name":"f","type":"fairway-cni","socket":"\#(socket)"}"#
                try await measure(
                    Plugin(name: "fairway-cni", program: shim, configuration: text, folder: "/usr/lib/cni"), node)
                group.cancelAll()
            }
        }
        try await withNode("reference") { node, directory in
            let text =
                #"{"cniVersion":"1.0.0","name":"b","type":"bridge","bridge":"br0","isGateway":true,"ipam":{"type":"host-local","dataDir":"\#(directory)","subnet":"10.244.0.0/22","routes":[{"dst":"0.0.0.0/0"}]}}"#
            try await measure(
                Plugin(name: "bridge", program: reference + "/bridge", configuration: text, folder: reference), node)
        }
    }

    private func withNode(_ name: String, _ body: (NetworkNamespace, String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("pods-\(name)-\(getpid())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let node = try NamedNamespaces.system.create("bench-\(name)")
        defer {
            for other in (try? NamedNamespaces.system.list()) ?? [] where other.hasPrefix("bench-") {
                try? NamedNamespaces.system.remove(other)
            }
        }
        try RouteSocket(in: node).perform(.changeLink(.named("lo"), .up))
        try await body(node, directory)
    }

    private func measure(_ plugin: Plugin, _ node: NetworkNamespace) async throws {
        for index in 0..<max(rounds, crowd) { _ = try NamedNamespaces.system.create("bench-pod\(index)") }
        var (adds, deletes): ([Duration], [Duration]) = ([], [])
        for index in 0..<rounds { adds.append(try await call("ADD", plugin, index, node)) }
        for index in 0..<rounds { deletes.append(try await call("DEL", plugin, index, node)) }
        report("\(plugin.name) one by one, ADD", adds)
        report("\(plugin.name) one by one, DEL", deletes)
        for verb in ["ADD", "DEL"] {
            let start = ContinuousClock.now
            let each = try await withThrowingTaskGroup(of: Duration.self) { group in
                for index in 0..<crowd { group.addTask { try await call(verb, plugin, index, node) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let all = (ContinuousClock.now - start) / .milliseconds(1)
            report("\(plugin.name) \(crowd) at once, \(verb) (all in \(Int(all)) ms)", each)
        }
        for index in 0..<max(rounds, crowd) { try NamedNamespaces.system.remove("bench-pod\(index)") }
    }

    /// On a thread of its own: it blocks, and the agent in this process needs those of the tasks.
    private func call(_ verb: String, _ plugin: Plugin, _ index: Int, _ node: NetworkNamespace) async throws -> Duration
    {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try node.run { try Self.start(verb, plugin, index) } })
            }
        }
    }

    private static func start(_ verb: String, _ plugin: Plugin, _ index: Int) throws -> Duration {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: plugin.program)
        process.environment = [
            "CNI_COMMAND": verb, "CNI_CONTAINERID": "bench\(index)", "CNI_IFNAME": "eth0", "CNI_PATH": plugin.folder,
            "CNI_NETNS": NamedNamespaces.system.path(of: "bench-pod\(index)"),
        ]
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try input.fileHandleForWriting.write(contentsOf: Data(plugin.configuration.utf8))
        try input.fileHandleForWriting.close()
        let start = ContinuousClock.now
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let took = ContinuousClock.now - start
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "\(plugin.name) \(verb): \(text)") }
        return took
    }

    private struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    private func report(_ what: String, _ times: [Duration]) {
        let sorted = times.sorted()
        guard let last = sorted.last else { return }
        let middle = sorted[sorted.count / 2] / .milliseconds(1)
        let high = sorted[min(sorted.count * 99 / 100, sorted.count - 1)] / .milliseconds(1)
        print(
            String(format: "%@: p50 %.2f ms, p99 %.2f ms, longest %.2f ms", what, middle, high, last / .milliseconds(1))
        )
    }
}
