import KubernetesClient
import KubernetesModel
import Testing

@testable import KubernetesStore

@Suite struct PendingOutputsTests {
    private static func change(_ name: String, _ old: String?, _ new: String?) -> ObjectChange<ConfigMap> {
        ObjectChange(
            name: map(name, "").objectName, old: old.map { map(name, $0) }, new: new.map { map(name, $0) })
    }

    private static func words(_ outputs: [ReflectorOutput<ConfigMap>]) -> [String] {
        func text(_ changes: [ObjectChange<ConfigMap>]) -> String {
            changes.map { "\($0.name.name):\($0.old?.data?["v"] ?? "")>\($0.new?.data?["v"] ?? "")" }
                .joined(separator: " ")
        }
        return outputs.map { output in
            switch output {
            case .synced(let changes): "synced \(text(changes))"
            case .changed(let changes): "changed \(text(changes))"
            case .invalid(let name, let reason): "invalid \(name?.name ?? "-") \(reason)"
            case .disconnected(let error): "disconnected \(error.code)"
            case .connected: "connected"
            }
        }
    }

    @Test func `several changes of one object become one, from the first old to the last new`() {
        var pending = PendingOutputs<ConfigMap>()
        pending.add(Self.change("a", "1", "2"))
        pending.add(Self.change("b", nil, "1"))
        pending.add(Self.change("a", "2", nil))
        pending.add(Self.change("a", nil, "3"))
        #expect(Self.words(pending.drain()) == ["changed a:1>3 b:>1"])
        #expect(pending.isEmpty)
    }

    @Test func `what came and went unseen was never there`() {
        var pending = PendingOutputs<ConfigMap>()
        pending.add(Self.change("a", nil, "1"))
        pending.add(Self.change("a", "1", nil))
        #expect(pending.isEmpty)
        pending.add(Self.change("a", nil, "2"))
        #expect(Self.words(pending.drain()) == ["changed a:>2"])
    }

    @Test func `the first list is told as such, whatever was added to it meanwhile`() {
        var pending = PendingOutputs<ConfigMap>()
        pending.connected()
        pending.add(Self.change("a", nil, "1"))
        pending.synced()
        pending.add(Self.change("b", nil, "1"))
        pending.add(UndecodableObject(name: nil, reason: "r"))
        #expect(Self.words(pending.drain()) == ["connected", "synced a:>1 b:>1", "invalid - r"])
    }

    @Test func `of the connection only the last state is told`() {
        var pending = PendingOutputs<ConfigMap>()
        let error = KubernetesError(.transport, operation: "watch", subject: "x", message: "m")
        pending.disconnected(error)
        pending.connected()
        pending.disconnected(error)
        #expect(Self.words(pending.drain()) == ["disconnected transport"])
    }

    @Test func `does not grow with the number of changes`() {
        var pending = PendingOutputs<ConfigMap>()
        for round in 0..<10_000 {
            pending.add(Self.change("n\(round)", nil, "1"))
            pending.add(Self.change("n\(round)", "1", nil))
            pending.add(UndecodableObject(name: nil, reason: "r"))
        }
        #expect(pending.backlog <= 64)
        #expect(pending.drain().count == PendingOutputs<ConfigMap>.maximumInvalid)
    }
}
