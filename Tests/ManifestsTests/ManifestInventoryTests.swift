import KubernetesModel
import Manifests
import Testing

@Suite struct `The inventory of manifests` {
    func file(_ documents: String...) -> ManifestFile {
        ManifestFile(parsing: documents.joined(separator: "\n---\n"), file: "x.yaml")
    }

    func object(_ kind: String, _ name: String, extra: String = "") -> String {
        "apiVersion: v1\nkind: \(kind)\nmetadata: {name: \(name)}\n\(extra)"
    }

    /// An inventory that has applied the file.
    func applied(_ file: ManifestFile) -> ManifestInventory {
        var inventory = ManifestInventory()
        inventory.read(file, path: "x.yaml")
        for manifest in inventory.change().apply { inventory.succeeded(applying: manifest) }
        return inventory
    }

    @Test func `applies namespaces and custom kinds first`() {
        var inventory = ManifestInventory()
        inventory.read(
            file(object("Ingress", "a"), object("CustomResourceDefinition", "b"), object("Namespace", "c")),
            path: "x.yaml")
        #expect(inventory.change().apply.map(\.identity.kind) == ["Namespace", "CustomResourceDefinition", "Ingress"])
    }

    @Test func `does nothing twice`() {
        #expect(applied(file(object("Service", "a"))).change().isEmpty)
    }

    @Test func `applies what changed and deletes what left`() {
        var inventory = applied(file(object("Service", "a"), object("Service", "b")))
        inventory.read(file(object("Service", "a", extra: "spec: {type: ClusterIP}")), path: "x.yaml")
        let change = inventory.change()
        #expect(change.apply.map(\.identity.name.name) == ["a"])
        #expect(change.delete.map(\.name.name) == ["b"])
    }

    @Test func `deletes nothing while a file cannot be read`() {
        var inventory = applied(file(object("Service", "a"), object("Service", "b")))
        inventory.read(file(object("Service", "a"), "kind: ["), path: "x.yaml")
        #expect(inventory.change().isEmpty)
    }

    @Test func `deletes what an earlier run left behind`() {
        let old = Manifest.Identity(apiVersion: "v1", kind: "Service", name: ObjectName(name: "old"))
        var inventory = ManifestInventory(inherited: [old])
        #expect(inventory.change().delete == [old])
        inventory.succeeded(deleting: old)
        #expect(inventory.change().isEmpty)
        #expect(inventory.identities.isEmpty)
    }

    @Test func `keeps what an earlier run left behind while a file is broken that may hold it`() {
        let old = Manifest.Identity(apiVersion: "v1", kind: "Service", name: ObjectName(name: "old"))
        var inventory = ManifestInventory(inherited: [old])
        inventory.read(file("kind: ["), path: "x.yaml")
        #expect(inventory.change().isEmpty)
        inventory.removed(path: "x.yaml")
        #expect(inventory.change().delete == [old])
    }

    @Test func `keeps an object that moved to another file`() {
        var inventory = applied(file(object("Service", "a")))
        inventory.read(file(object("Service", "a")), path: "y.yaml")
        inventory.removed(path: "x.yaml")
        #expect(inventory.change().isEmpty)
    }
}
