import KubernetesModel
import TestSupport
import Testing

@testable import LocalCluster

/// The state machine alone: no clock, no network, no disk.
@Suite struct ClusterStateTests {
    private static let now = Timestamp(secondsSinceEpoch: 1_800_000_000)
    private static let key = StorageKey(group: "", plural: "configmaps")

    private struct Machine {
        var state: ClusterState
        var log: [StoredChange] = []

        init(historyLimit: Int = 1000) throws {
            state = ClusterState(
                store: ObjectStore(historyLimit: historyLimit),
                services: try LocalClusterConfiguration().serviceAllocation())
            let namespaces = try #require(state.registry[key: Keys.namespaces])
            try commit { state throws(APIFailure) in
                try state.create(
                    namespaces, namespace: "",
                    body: ["metadata": ["name": "default"]], options: WriteOptions(now: ClusterStateTests.now))
            }
        }

        mutating func commit(_ plan: (inout ClusterState) throws(APIFailure) -> PlannedWrite) throws(APIFailure) {
            let write = try plan(&state)
            guard let change = write.change else { return }
            apply(change)
            while let next = state.nextControllerChange(now: ClusterStateTests.now) { apply(next) }
        }

        private mutating func apply(_ change: StoredChange) {
            state.commit(change, now: ClusterStateTests.now)
            log.append(change)
        }
    }

    private static func body(_ name: String, owner: String?, data: Int, label: String) -> JSONValue {
        var metadata: JSONValue = ["name": .string(name), "labels": ["tier": .string(label)]]
        if let owner {
            metadata["ownerReferences"] = [
                ["apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": .string(owner)]
            ]
        }
        return ["metadata": metadata, "data": ["n": .string(String(data))]]
    }

    /// Random creations, changes and deletions, some of them with owners.
    private static func randomMachine(seed: UInt64, steps: Int) throws -> Machine {
        var generator = SeededGenerator(seed: seed)
        var machine = try Machine()
        for step in 0..<steps {
            let name = ObjectName(namespace: "default", name: "n\(generator.next() % 12)")
            let existing = machine.state.store[key, name]
            let resource = try #require(machine.state.registry[key: key])
            let others = machine.state.store.list(key)
            let owner =
                generator.next() % 4 == 0 && !others.isEmpty
                ? others[Int(generator.next() % UInt64(others.count))].uid : nil
            let body = body(name.name, owner: owner, data: step, label: generator.next() % 2 == 0 ? "a" : "b")
            if existing == nil {
                try machine.commit { state throws(APIFailure) in
                    try state.create(
                        resource, namespace: "default", body: body, options: WriteOptions(now: now))
                }
            } else if generator.next() % 3 == 0 {
                try machine.commit { state throws(APIFailure) in
                    try state.delete(resource, name: name, options: DeleteOptions(now: now))
                }
            } else {
                try machine.commit { state throws(APIFailure) in
                    try state.update(
                        resource, name: name, subresource: .none, body: body, options: WriteOptions(now: now))
                }
            }
        }
        return machine
    }

    @Test(arguments: UInt64(0)..<20)
    func `a list looking back shows what a replay of the changes shows`(seed: UInt64) throws {
        let machine = try Self.randomMachine(seed: seed, steps: 60)
        var replayed: [ObjectName: UInt64] = [:]
        let collection = machine.state.store.collection(Self.key)
        for change in machine.log {
            if change.key == Self.key { replayed[change.name] = change.new?.revision }
            let past = try #require(collection.list(namespace: nil, at: change.revision))
            #expect(Dictionary(uniqueKeysWithValues: past.map { ($0.name, $0.revision) }) == replayed)
            #expect(past.map(\.name) == past.map(\.name).sorted())
        }
    }

    @Test(arguments: UInt64(0)..<20)
    func `a watch with a selector ends up with exactly the selected objects`(seed: UInt64) throws {
        let machine = try Self.randomMachine(seed: seed, steps: 60)
        let selection = Selection(labels: try LabelRequirements(parsing: "tier=a"))
        var seen: [ObjectName: UInt64] = [:]
        for change in machine.log where change.key == Self.key {
            guard let event = selection.event(of: change) else { continue }
            #expect(event.object.revision == change.revision)
            switch event.type {
            case .added: #expect(seen[change.name] == nil)
            default: #expect(seen[change.name] != nil)
            }
            seen[change.name] = event.type == .deleted ? nil : change.revision
        }
        let expected = machine.state.store.list(Self.key).filter(selection.contains)
        #expect(seen == Dictionary(uniqueKeysWithValues: expected.map { ($0.name, $0.revision) }))
    }

    @Test(arguments: UInt64(0)..<20)
    func `nobody outlives all of its owners`(seed: UInt64) throws {
        let machine = try Self.randomMachine(seed: seed, steps: 60)
        let uids = Set(machine.state.store.list(Self.key).map(\.uid))
        for object in machine.state.store.list(Self.key) where !object.owners.isEmpty {
            #expect(object.owners.contains(where: uids.contains))
        }
        #expect(machine.log.map(\.revision) == machine.log.map(\.revision).sorted())
    }

    @Test func `the history is bounded, and says from where on it is complete`() {
        var history = EventHistory(limit: 3, compacted: 10)
        for revision in UInt64(11)...16 {
            history.append(
                StoredChange(key: Self.key, name: ObjectName(name: "a"), revision: revision))
        }
        #expect(history.compacted == 13)
        #expect(history.changes(after: 12) == nil)
        #expect(history.changes(after: 13)?.map(\.revision) == [14, 15, 16])
        #expect(history.changes(after: 15)?.map(\.revision) == [16])
        #expect(history.changes(after: 99)?.isEmpty == true)
    }
}
