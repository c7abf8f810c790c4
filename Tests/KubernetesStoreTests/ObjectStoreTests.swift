import KubernetesModel
import KubernetesStore
import TestSupport
import Testing

func map(_ name: String, _ value: String, version: String = "1") -> ConfigMap {
    var map = ConfigMap(metadata: ObjectMeta(name: name, namespace: "n"), data: ["v": value])
    map.metadata.resourceVersion = version
    return map
}

@Suite struct ObjectStoreTests {
    @Test func `a change has the old and the new form`() {
        var store = ObjectStore<ConfigMap>()
        let name = map("a", "1").objectName
        #expect(store.set(map("a", "1")) == ObjectChange(name: name, old: nil, new: map("a", "1")))
        let second = map("a", "2", version: "2")
        #expect(store.set(second) == ObjectChange(name: name, old: map("a", "1"), new: second))
        #expect(store.remove(name) == ObjectChange(name: name, old: second, new: nil))
        #expect(store.remove(name) == nil)
    }

    @Test func `a new resource version alone is no change, but is kept`() {
        var store = ObjectStore<ConfigMap>()
        _ = store.set(map("a", "1"))
        #expect(store.set(map("a", "1", version: "2")) == nil)
        #expect(store.objects[map("a", "").objectName]?.metadata.resourceVersion == "2")
    }

    @Test func `replacing tells what came, changed and went, and keeps what cannot be read`() {
        var store = ObjectStore<ConfigMap>()
        for name in ["same", "changed", "gone", "broken"] { _ = store.set(map(name, "1")) }
        let changes = store.replace(
            with: [map("same", "1", version: "9"), map("changed", "2"), map("new", "1")],
            keeping: [map("broken", "").objectName])
        #expect(changes.map(\.name.name) == ["changed", "new", "gone"])
        #expect(changes.last?.new == nil)
        #expect(store.objects.keys.map(\.name).sorted() == ["broken", "changed", "new", "same"])
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `the changes of a replacement lead from the old content to the new`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func content(_ random: inout SeededGenerator) -> [ConfigMap] {
            (0..<20).filter { _ in Bool.random(using: &random) }
                .map { map("o\($0)", "\(Int.random(in: 0...2, using: &random))") }
        }
        var store = ObjectStore<ConfigMap>()
        let old = content(&random)
        _ = store.replace(with: old, keeping: [])
        let new = content(&random)
        var replayed = Dictionary(uniqueKeysWithValues: old.map { ($0.objectName, $0) })
        for change in store.replace(with: new, keeping: []) {
            #expect(replayed[change.name] == change.old)
            replayed[change.name] = change.new
        }
        #expect(Set(replayed.values) == Set(new))
        #expect(replayed == store.objects)
    }
}
