import KubernetesModel
import LocalCluster
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CustomResourceTests {
    static let definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, kind: Widget, shortNames: [wd]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
            additionalPrinterColumns: [{name: Size, type: string, jsonPath: .spec.size}]
            schema:
              openAPIV3Schema:
                type: object
                description: A widget.
                properties:
                  spec:
                    type: object
                    description: What is wanted.
                    required: [size]
                    properties:
                      size: {type: string, enum: [small, large], description: How big.}
                      replicas: {type: integer, default: 1, minimum: 0, maximum: 9}
                      code: {type: string, pattern: "^[a-z]+$", maxLength: 4}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          - name: v1alpha1
            served: true
            storage: false
            schema:
              openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """

    private static let path = "/apis/example.com/v1/namespaces/default/widgets"
    private static let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

    private func withDefinition(_ body: @Sendable (APIClient) async throws -> Void) async throws {
        try await withAPI { api, _ in
            let made = try await api.send(
                .post, Self.definitions, bytes: Array(Self.definition.utf8), type: "application/yaml")
            #expect(made.status == 201, "\(made.body)")
            try await body(api)
        }
    }

    private func widget(_ spec: JSONValue, name: String = "w") -> JSONValue {
        ["apiVersion": "example.com/v1", "kind": "Widget", "metadata": ["name": .string(name)], "spec": spec]
    }

    @Test func `a definition is served at once, with defaults, and pruned`() async throws {
        try await withDefinition { api in
            let made = try await api.send(.post, Self.path, widget(["size": "small", "extra": 1]))
            #expect(made.status == 201)
            #expect(made.body["spec"] == ["size": "small", "replicas": 1])
            #expect(made.warnings == ["299 - \"unknown field \\\"spec.extra\\\"\""])
            let strict = try await api.send(
                .post, Self.path + "?fieldValidation=Strict", widget(["size": "small", "extra": 1], name: "x"))
            #expect(strict.status == 400)
        }
    }

    @Test(arguments: [
        (["size": "tiny"] as JSONValue, "spec.size"), ([:] as JSONValue, "spec.size"),
        (["size": "small", "replicas": 10] as JSONValue, "spec.replicas"),
        (["size": "small", "replicas": "2"] as JSONValue, "spec.replicas"),
        (["size": "small", "code": "A1"] as JSONValue, "spec.code"),
        (["size": "small", "code": "abcde"] as JSONValue, "spec.code"),
    ])
    func `what the schema forbids is refused with its field`(spec: JSONValue, field: String) async throws {
        try await withDefinition { api in
            let refused = try await api.send(.post, Self.path, widget(spec))
            #expect(refused.status == 422)
            #expect(refused.body["reason"] == "Invalid")
            let fields = (refused.body[path: "details", "causes"]?.array ?? []).compactMap { $0["field"]?.string }
            #expect(fields == [field])
        }
    }

    @Test func `the status is written apart and does not raise the generation`() async throws {
        try await withDefinition { api in
            _ = try await api.send(.post, Self.path, widget(["size": "small"]))
            let merge = "application/merge-patch+json"
            let status = try await api.send(
                .patch, Self.path + "/w/status", ["status": ["ready": true], "spec": ["size": "large"]], type: merge)
            #expect(status.body[path: "status", "ready"] == true)
            #expect(status.body[path: "spec", "size"] == "small")
            #expect(status.body[path: "metadata", "generation"] == 1)
            let spec = try await api.send(
                .patch, Self.path + "/w", ["status": ["ready": false], "spec": ["size": "large"]], type: merge)
            #expect(spec.body[path: "status", "ready"] == true)
            #expect(spec.body[path: "metadata", "generation"] == 2)
        }
    }

    @Test func `every served version shows the same objects under its own name`() async throws {
        try await withDefinition { api in
            _ = try await api.send(.post, Self.path, widget(["size": "small"]))
            let other = try await api.send(.get, "/apis/example.com/v1alpha1/namespaces/default/widgets/w")
            #expect(other.body["apiVersion"] == "example.com/v1alpha1")
            #expect(other.body[path: "spec", "size"] == "small")
        }
    }

    @Test func `a definition that goes takes its objects and its paths with it`() async throws {
        try await withDefinition { api in
            _ = try await api.send(.post, Self.path, widget(["size": "small"]))
            _ = try await api.send(.delete, Self.definitions + "/widgets.example.com")
            #expect(try await api.send(.get, Self.path).status == 404)
            _ = try await api.send(
                .post, Self.definitions, bytes: Array(Self.definition.utf8), type: "application/yaml")
            #expect(try await api.send(.get, Self.path).body.items.isEmpty)
        }
    }

    @Test func `a second kind may not take a name of its group`() async throws {
        try await withDefinition { api in
            let text = Self.definition.replacing("widgets.example.com", with: "gadgets.example.com")
                .replacing("plural: widgets", with: "plural: gadgets")
            let made = try await api.send(
                .post, Self.definitions, bytes: Array(text.utf8), type: "application/yaml")
            let conditions = made.body[path: "status", "conditions"]?.array ?? []
            #expect(conditions.first { $0["type"] == "NamesAccepted" }?["status"] == "False")
            #expect(try await api.send(.get, "/apis/example.com/v1/namespaces/default/gadgets").status == 404)
        }
    }
}
