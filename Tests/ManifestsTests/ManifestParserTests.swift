import KubernetesModel
import Manifests
import TestSupport
import Testing

@Suite struct `Manifest files` {
    @Test func `hold several documents, each with its line`() {
        let file = ManifestFile(
            parsing: """
                # a comment
                apiVersion: v1
                kind: Service
                metadata: {name: a, namespace: web}
                ---
                apiVersion: v1
                kind: Secret
                metadata: {name: b}
                ---
                """, file: "shop.yaml")
        #expect(file.errors.isEmpty)
        #expect(file.manifests.map(\.identity.description) == ["Service web/a", "Secret b"])
        #expect(file.manifests.map(\.place.description) == ["shop.yaml:2", "shop.yaml:6"])
    }

    @Test func `keep the good documents beside a broken one`() {
        let file = ManifestFile(
            parsing: "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nkind: [\n---\nkind: Secret\n",
            file: "x.yaml")
        #expect(file.manifests.count == 1)
        #expect(file.errors.map(\.place.line) == [5, 7])
        #expect(file.errors[1].message == "apiVersion: missing, or not a text")
    }

    @Test func `take a List apart, and JSON as well`() {
        let file = ManifestFile(
            parsing: """
                {"apiVersion": "v1", "kind": "List", "items": [
                  {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}},
                  {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}}]}
                """, file: "x.json")
        #expect(file.manifests.map(\.identity.name.name) == ["a", "b"])
    }

    @Test func `read scalars as Kubernetes does`() {
        let file = ManifestFile(
            parsing: """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: a}
                data: {number: 8080, text: "8080", flag: true, word: 'true', empty: , float: 0.5}
                """, file: "x.yaml")
        #expect(
            file.manifests.first?.object["data"] == [
                "number": 8080, "text": "8080", "flag": true, "word": "true", "empty": nil, "float": 0.5,
            ])
    }

    @Test func `name the second of two equal objects`() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
        let file = ManifestFile(parsing: text + "---\n" + text, file: "x.yaml")
        #expect(file.manifests.count == 1)
        #expect(file.errors.map(\.message) == ["Service a stands at x.yaml:1 already; that one counts"])
    }

    @Test func `refuse a document that unfolds without end`() {
        var text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let inner = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(inner)]\n"
        }
        let file = ManifestFile(parsing: text, file: "bomb.yaml")
        #expect(file.manifests.isEmpty)
        #expect(file.errors.count == 1)
    }

    @Test(arguments: 0..<50) func `never trap on mutated text`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var bytes = Array(
            "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - {port: 80}\n---\n&a [*a]\n".utf8)
        for _ in 0..<20 {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        let file = ManifestFile(parsing: String(decoding: bytes, as: UTF8.self), file: "x.yaml")
        #expect(file.manifests.count + file.errors.count <= 20)
    }
}
