import KubernetesClient
import KubernetesModel
import Synchronization
import TestSupport
import Testing

@Suite struct WatchTests {
    typealias Script = @Sendable (ScriptedServer.Reply) async throws -> Void

    /// What a watch told, in words, and how it ended: `nil` in good order.
    private static func watched(
        configure: @escaping @Sendable (inout KubernetesClient.Configuration) -> Void = { _ in },
        _ script: @escaping Script
    ) async throws -> (events: [String], end: KubernetesError?) {
        try await withConfiguredClient { _, configuration in
            configure(&configuration)
        } _: { _, reply in
            try await reply.streamHead()
            try await script(reply)
        } _: { client in
            var events: [String] = []
            do {
                var watch = try await client.watch(ConfigMap.self, resourceVersion: "1")
                while let event = try await watch.next() { events.append(words(event)) }
                return (events, nil)
            } catch let error as KubernetesError {
                return (events, error)
            }
        }
    }

    private static func words(_ event: WatchEvent<ConfigMap>) -> String {
        switch event {
        case .added(let object): "+\(object.metadata.name)=\(object.data?["v"] ?? "")"
        case .modified(let object): "~\(object.metadata.name)=\(object.data?["v"] ?? "")"
        case .deleted(let name, let version): "-\(name.name)@\(version)"
        case .bookmark(let version, let ends): "^\(version)\(ends ? "!" : "")"
        case .undecodable(let object): "?\(object.name?.name ?? "") \(object.reason)"
        }
    }

    private static func line(_ type: String, _ name: String, _ value: String = "1") -> String {
        #"{"type":"\#(type)","object":{"metadata":{"name":"\#(name)","namespace":"n","resourceVersion":"7"},"data":{"v":"\#(value)"}}}"#
            + "\n"
    }

    @Test func `asks for bookmarks, a place and an end`() async throws {
        let target = Mutex("")
        try await withClient { request, reply in
            target.withLock { $0 = request.target }
            try await reply.streamHead()
            try await reply.streamEnd()
        } _: { client in
            var watch = try await client.watch(
                ConfigMap.self, Selection(namespace: "n", labels: "a=b"), resourceVersion: "42")
            #expect(try await watch.next() == nil)
        }
        let sent = target.withLock(\.self)
        #expect(
            sent.hasPrefix("/api/v1/namespaces/n/configmaps?labelSelector=a%3Db&watch=true&allowWatchBookmarks=true"))
        #expect(sent.contains("&resourceVersion=42&timeoutSeconds="))
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `events come whole wherever the borders of chunks and packets fall`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let values = (0..<12).map { _ in
            String(repeating: "ü\\n\\\"", count: Int.random(in: 0...40, using: &random))
        }
        let bytes = values.enumerated().flatMap { Array(Self.line("ADDED", "o\($0)", $1).utf8) }
        let pieces = Self.cut(bytes, &random)
        let (events, end) = try await Self.watched { reply in
            for piece in pieces { try await reply.chunk(piece) }
            try await reply.streamEnd()
        }
        let expected = values.enumerated().map { index, value in
            "+o\(index)=" + value.replacing("\\n", with: "\n").replacing("\\\"", with: "\"")
        }
        #expect(events == expected)
        #expect(end == nil)
    }

    private static func cut(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        let longest = [1, 7, 100, 5000].randomElement(using: &random) ?? 1
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...longest, using: &random))
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    @Test func `every type of event is understood, and blank lines are passed over`() async throws {
        let (events, end) = try await Self.watched { reply in
            try await reply.chunk(Self.line("ADDED", "a") + "\n" + Self.line("MODIFIED", "a", "2"))
            try await reply.chunk(Self.line("DELETED", "a"))
            try await reply.chunk(
                #"{"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"8"}}}"#)
            try await reply.chunk(
                "\n"
                    + #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}"#
                    + "\n")
            try await reply.streamEnd()
        }
        #expect(events == ["+a=1", "~a=2", "-a@7", "^8", "^9!"])
        #expect(end == nil)
    }

    @Test func `410 in the middle of a watch is an expiry`() async throws {
        let (events, end) = try await Self.watched { reply in
            try await reply.chunk(Self.line("ADDED", "a"))
            try await reply.chunk(
                #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"# + "\n"
            )
            try await reply.hang()
        }
        #expect(events == ["+a=1"])
        #expect(end?.code == .expired)
        #expect(end?.description == "cannot watch configmaps: too old")
    }

    @Test func `410 instead of a watch is an expiry, too`() async throws {
        let error = try await withClient { _, reply in
            try await reply.json(#"{"code":410,"reason":"Expired","message":"too old"}"#, status: "410 Gone")
        } _: { client in
            try await failure { () async throws(KubernetesError) in
                var watch = try await client.watch(ConfigMap.self, resourceVersion: "1")
                _ = try await watch.next()
            }
        }
        #expect(error.isExpired)
    }

    @Test func `one that cannot be read is told, and the watch goes on`() async throws {
        let (events, end) = try await Self.watched { reply in
            try await reply.chunk(
                #"{"type":"ADDED","object":{"metadata":{"name":"bad","resourceVersion":"3"},"data":{"v":[]}}}"# + "\n")
            try await reply.chunk(Self.line("ADDED", "good"))
            try await reply.streamEnd()
        }
        #expect(events == ["?bad data.v: is not a string", "+good=1"])
        #expect(end == nil)
    }

    @Test(arguments: [
        (#"{"type":"ADDED","object":"#, true, KubernetesError.Code.transport),
        (#"{"type":"ADDED","object":"#, false, .transport),
        ("not json\n", true, .undecodable),
        (#"{"type":"SURPRISE","object":{}}"# + "\n", true, .undecodable),
        (#"{"type":"DELETED","object":{"metadata":{}}}"# + "\n", true, .undecodable),
    ])
    func `half an event and nonsense end the watch`(
        text: String, isEnded: Bool, code: KubernetesError.Code
    ) async throws {
        let (events, end) = try await Self.watched { reply in
            try await reply.chunk(Self.line("ADDED", "a"))
            try await reply.chunk(text)
            if isEnded { try await reply.streamEnd() }
        }
        #expect(events == ["+a=1"])
        #expect(end?.code == code)
    }

    @Test func `a connection that fell silent is found`() async throws {
        let (events, end) = try await Self.watched { configuration in
            configuration.watchIdleTimeout = .milliseconds(1500)
        } _: { reply in
            try await reply.chunk(Self.line("ADDED", "a"))
            try await reply.chunk("{\"type\":")
            try await reply.hang()
        }
        #expect(events == ["+a=1"])
        #expect(end?.code == .timeout)
    }

    @Test func `an event over the limit ends the watch instead of filling the memory`() async throws {
        let (events, end) = try await Self.watched { configuration in
            configuration.maximumWatchLine = 2000
        } _: { reply in
            try await reply.chunk(Self.line("ADDED", "a", String(repeating: "x", count: 1800)))
            for _ in 0..<100 { try await reply.chunk(String(repeating: "y", count: 1000)) }
            try await reply.hang()
        }
        #expect(events.count == 1)
        #expect(end?.message == "an event is larger than 2000 bytes")
    }

    @Test func `cancelling the task ends the watch`() async throws {
        let error = try await withClient { _, reply in
            try await reply.streamHead()
            try await reply.hang()
        } _: { client in
            try await withThrowingTaskGroup(of: KubernetesError?.self) { group in
                group.addTask {
                    do {
                        var watch = try await client.watch(ConfigMap.self, resourceVersion: "1")
                        _ = try await watch.next()
                        return nil
                    } catch let error as KubernetesError {
                        return error
                    }
                }
                group.cancelAll()
                return try await group.next() ?? nil
            }
        }
        #expect(error?.isCancelled == true)
    }
}
