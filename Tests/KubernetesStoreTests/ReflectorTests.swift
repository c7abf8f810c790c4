import KubernetesClient
import KubernetesModel
import KubernetesStore
import Synchronization
import TestSupport
import Testing

@Suite struct ReflectorTests {
    @Test func `syncs page by page, then follows`() async throws {
        let cluster = FakeCluster()
        for index in 0..<30 { cluster.put("o\(index)", "1") }
        try await withReflector(of: cluster) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.objects.count == 30 } }
            cluster.put("o3", "2")
            cluster.remove("o4")
            try await eventually("followed") {
                mirror.state.withLock { $0.objects["o3"] == "2" && $0.objects.count == 29 }
            }
            let log = mirror.state.withLock(\.log)
            #expect(Array(log.prefix(2)) == ["connected", "synced"])
            #expect(!log.contains { $0.hasPrefix("disconnected") })
        }
        #expect(cluster.state.withLock(\.lists) == 1)
    }

    @Test func `an empty kind syncs, too`() async throws {
        try await withReflector(of: FakeCluster()) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.log.contains("synced") } }
        }
    }

    @Test func `after 410 only real changes are told, deletions included`() async throws {
        let cluster = FakeCluster()
        for index in 0..<20 { cluster.put("o\(index)", "1") }
        try await withReflector(of: cluster) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.objects.count == 20 } }
            let before = mirror.state.withLock(\.batches.count)
            cluster.state.withLock { $0.isDown = true }
            cluster.put("o1", "2")
            cluster.remove("o2")
            cluster.put("new", "1")
            cluster.compact()
            cluster.state.withLock { $0.isDown = false }
            try await eventually("relisted") { mirror.state.withLock { $0.objects["new"] == "1" } }
            let (objects, batches, misfits) = mirror.state.withLock { ($0.objects, $0.batches, $0.misfits) }
            #expect(objects.count == 20 && objects["o1"] == "2" && objects["o2"] == nil)
            #expect(Array(batches.dropFirst(before)) == [3])
            #expect(misfits.isEmpty)
        }
    }

    @Test func `a server that is away is told once, and its return, too`() async throws {
        let cluster = FakeCluster()
        cluster.put("a", "1")
        try await withReflector(of: cluster) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.log.contains("synced") } }
            cluster.state.withLock { $0.isDown = true }
            try await eventually("told") { mirror.state.withLock { $0.log.contains("disconnected unavailable") } }
            let watches = cluster.state.withLock(\.watches)
            #expect(mirror.state.withLock(\.objects) == ["a": "1"])
            cluster.put("a", "2")
            cluster.state.withLock { $0.isDown = false }
            try await eventually("caught up") { mirror.state.withLock { $0.objects["a"] == "2" } }
            let log = mirror.state.withLock(\.log)
            #expect(log == ["connected", "synced", "disconnected unavailable", "connected", "changed"])
            // It went on from where it was.
            #expect(cluster.state.withLock(\.lists) == 1)
            #expect(cluster.state.withLock(\.watches) > watches)
        }
    }

    @Test func `one that cannot be read is told, and keeps its last good form`() async throws {
        let cluster = FakeCluster()
        cluster.put("a", "1")
        try await withReflector(of: cluster) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.objects["a"] == "1" } }
            cluster.putBroken("a")
            cluster.put("b", "1")
            try await eventually("passed") { mirror.state.withLock { $0.objects["b"] == "1" } }
            mirror.state.withLock { state in
                #expect(state.log.contains("invalid a"))
                #expect(state.objects["a"] == "1")
            }
        }
    }

    @Test func `what arrives while the consumer is busy comes as one batch`() async throws {
        let cluster = FakeCluster()
        let gate = Mutex(false)
        let isHeld = Mutex(false)
        try await withReflector(
            of: cluster,
            deliver: { output in
                guard case .changed = output, !isHeld.withLock(\.self) else { return }
                isHeld.withLock { $0 = true }
                while !gate.withLock(\.self), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
            }
        ) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.log.contains("synced") } }
            cluster.put("first", "1")
            try await eventually("held") { isHeld.withLock(\.self) }
            for round in 0..<5 { for index in 0..<10 { cluster.put("o\(index)", "\(round)") } }
            cluster.put("brief", "1")
            cluster.remove("brief")
            cluster.put("last", "1")
            try await eventually("sent") { cluster.state.withLock { $0.sent == $0.version } }
            gate.withLock { $0 = true }
            try await eventually("caught up") { mirror.state.withLock { $0.objects["last"] == "1" } }
            mirror.state.withLock { state in
                #expect(state.objects.count == 12)
                // 53 events, of which most were still pending when the consumer came back.
                #expect(state.batches.count < 20)
                #expect(state.misfits.isEmpty)
            }
        }
    }

    @Test func `a transform drops what is not needed, also later`() async throws {
        let cluster = FakeCluster()
        cluster.put("a", "keep")
        cluster.put("b", "drop")
        var options = ReflectorOptions<ConfigMap>.quick
        options.transform = { $0.data?["v"] == "drop" ? nil : $0 }
        try await withReflector(of: cluster, options: options) { mirror in
            try await eventually("synced") { mirror.state.withLock { $0.objects == ["a": "keep"] } }
            cluster.put("a", "drop")
            try await eventually("dropped") { mirror.state.withLock(\.objects.isEmpty) }
            cluster.put("a", "back")
            try await eventually("back") { mirror.state.withLock { $0.objects == ["a": "back"] } }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `whatever breaks, the mirror ends as the cluster is`(seed: UInt64) async throws {
        let cluster = FakeCluster()
        let random = Mutex(SeededGenerator(seed: seed))
        func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { Int.random(in: range, using: &$0) } }
        let breaks = (0..<40).map { _ in pick(1...2000) }
        cluster.state.withLock { $0.breakAfter = breaks }
        try await withReflector(of: cluster) { mirror in
            for _ in 0..<150 {
                let name = "o\(random.withLock { Int.random(in: 0...25, using: &$0) })"
                let (action, value) = random.withLock {
                    (Int.random(in: 0...40, using: &$0), Int.random(in: 0...3, using: &$0))
                }
                switch action {
                case 0: cluster.compact()
                case 1: cluster.cutWatches()
                case 2: cluster.state.withLock { $0.isDown = true }
                case 3...5: cluster.state.withLock { $0.isDown = false }
                case 6...15: cluster.remove(name)
                case 16...20: try await Task.sleep(for: .milliseconds(5))
                default: cluster.put(name, "\(value)")
                }
            }
            cluster.state.withLock { $0.isDown = false }
            cluster.put("last", "1")
            try await eventually("equal") {
                mirror.state.withLock(\.objects) == cluster.state.withLock(\.objects)
            }
            #expect(mirror.state.withLock(\.misfits) == [])
            #expect(mirror.state.withLock { $0.log.filter { $0 == "synced" }.count } == 1)
        }
    }
}
