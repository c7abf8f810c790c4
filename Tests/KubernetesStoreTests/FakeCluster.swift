import Foundation
import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging
import Synchronization
import TestSupport

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// ConfigMaps behind a real socket with list, pages, watch, history, 410, and faults that a test asks for.
final class FakeCluster: Sendable {
    struct State {
        var objects: [String: String] = [:]
        var version = 1
        /// Watch lines by the version they lead to.
        var history: [(version: Int, line: String)] = []
        /// Versions below have been forgotten.
        var compacted = 0
        var isDown = false
        /// The version that the last watch line sent led to.
        var sent = 0
        var lists = 0
        var watches = 0
        /// Bytes after which the next watches break, in the middle of whatever is under way.
        var breakAfter: [Int] = []
        /// Watches that are to break now.
        var epoch = 0
    }

    let state = Mutex(State())

    func put(_ name: String, _ value: String) {
        state.withLock { state in
            state.version += 1
            let type = state.objects[name] == nil ? "ADDED" : "MODIFIED"
            state.objects[name] = value
            state.history.append((state.version, Self.line(type, Self.object(name, value, state.version))))
        }
    }

    /// A form that a ConfigMap cannot have.
    func putBroken(_ name: String) {
        state.withLock { state in
            state.version += 1
            state.objects[name] = nil
            let object =
                #"{"metadata":{"name":"\#(name)","namespace":"n","resourceVersion":"\#(state.version)"},"data":[]}"#
            state.history.append((state.version, Self.line("MODIFIED", object)))
        }
    }

    func remove(_ name: String) {
        state.withLock { state in
            guard let value = state.objects.removeValue(forKey: name) else { return }
            state.version += 1
            state.history.append((state.version, Self.line("DELETED", Self.object(name, value, state.version))))
        }
    }

    /// Forgets the history and cuts every watch: the next one gets 410.
    func compact() {
        state.withLock { state in
            state.history = []
            state.compacted = state.version + 1
            state.version += 1
            state.epoch += 1
        }
    }

    func cutWatches() { state.withLock { $0.epoch += 1 } }

    func serve(_ request: ScriptedServer.Request, _ reply: ScriptedServer.Reply) async throws {
        if state.withLock(\.isDown) { return try await reply.json("{}", status: "503 Service Unavailable") }
        if request.query("watch") == "true" {
            try await watch(from: Int(request.query("resourceVersion") ?? "") ?? 0, reply)
        } else {
            try await list(request, reply)
        }
    }

    /// The token is the name after which to go on. Pages are of no common snapshot, which a reflector has to survive.
    private func list(_ request: ScriptedServer.Request, _ reply: ScriptedServer.Reply) async throws {
        let (objects, version) = state.withLock { state in
            state.lists += request.query("continue") == nil ? 1 : 0
            return (state.objects, state.version)
        }
        let after = request.query("continue") ?? ""
        let limit = Int(request.query("limit") ?? "") ?? .max
        let names = objects.keys.sorted().filter { $0 > after }
        let items = names.prefix(limit).map { Self.object($0, objects[$0] ?? "", version) }.joined(separator: ",")
        let token = names.count > limit ? names[limit - 1] : ""
        try await reply.json(
            #"{"metadata":{"resourceVersion":"\#(version)","continue":"\#(token)"},"items":[\#(items)]}"#)
    }

    private func watch(from start: Int, _ reply: ScriptedServer.Reply) async throws {
        var place = start
        let (epoch, compacted, limit) = state.withLock { state in
            state.watches += 1
            return (state.epoch, state.compacted, state.breakAfter.isEmpty ? nil : state.breakAfter.removeFirst())
        }
        if place < compacted {
            return try await reply.json(#"{"code":410,"reason":"Expired"}"#, status: "410 Gone")
        }
        try await reply.streamHead()
        var left = limit ?? .max
        while true {
            let (lines, isOver) = state.withLock { state in
                (state.history.filter { $0.version > place }, state.epoch != epoch || state.isDown)
            }
            if isOver { return }
            for line in lines {
                let bytes = Array(line.line.utf8.prefix(left))
                left -= bytes.count
                try await reply.chunk(bytes)
                if left == 0 { return }
                place = line.version
                state.withLock { $0.sent = line.version }
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func object(_ name: String, _ value: String, _ version: Int) -> String {
        #"{"metadata":{"name":"\#(name)","namespace":"n","resourceVersion":"\#(version)"},"data":{"v":"\#(value)"}}"#
    }

    private static func line(_ type: String, _ object: String) -> String {
        #"{"type":"\#(type)","object":\#(object)}"# + "\n"
    }
}

/// A consumer that keeps what a reflector told, and checks that each change fits the one before.
final class Mirror: Sendable {
    struct State {
        var objects: [String: String] = [:]
        var log: [String] = []
        var misfits: [String] = []
        var batches: [Int] = []
    }

    let state = Mutex(State())

    func take(_ output: ReflectorOutputs) {
        state.withLock { state in
            switch output {
            case .synced(let changes):
                state.log.append("synced")
                apply(changes, &state)
            case .changed(let changes):
                state.log.append("changed")
                apply(changes, &state)
            case .invalid(let name, _): state.log.append("invalid \(name?.name ?? "")")
            case .disconnected(let error): state.log.append("disconnected \(error.code)")
            case .connected: state.log.append("connected")
            }
        }
    }

    private func apply(_ changes: [ObjectChange<ConfigMap>], _ state: inout State) {
        state.batches.append(changes.count)
        for change in changes {
            let name = change.name.name
            if state.objects[name] != change.old?.data?["v"] { state.misfits.append(name) }
            state.objects[name] = change.new?.data?["v"]
        }
    }
}

typealias ReflectorOutputs = ReflectorOutput<ConfigMap>

/// Runs a reflector of the fake cluster's ConfigMaps during `body`.
func withReflector(
    of cluster: FakeCluster, options: ReflectorOptions<ConfigMap> = .quick,
    deliver: (@Sendable (ReflectorOutputs) async -> Void)? = nil,
    _ body: @escaping @Sendable (Mirror) async throws -> Void
) async throws {
    try await ScriptedServer.run({ try await cluster.serve($0, $1) }) { port in
        var configuration = KubernetesClient.Configuration()
        configuration.watchIdleTimeout = .seconds(30)
        let client = try KubernetesClient(
            connection: ClusterConnection(server: "http://127.0.0.1:\(port)", origin: "test"),
            configuration: configuration, logger: quiet)
        let mirror = Mirror()
        let reflector = Reflector<ConfigMap>(client: client, options: options, logger: quiet)
        let result: Result<Void, any Error>
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await reflector.run { output in
                        await deliver?(output)
                        mirror.take(output)
                    }
                }
                try await body(mirror)
                group.cancelAll()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try result.get()
    }
}

extension ReflectorOptions<ConfigMap> {
    static var quick: ReflectorOptions {
        ReflectorOptions(pageSize: 7, backoff: Backoff(base: .milliseconds(5), ceiling: .milliseconds(50)))
    }
}
