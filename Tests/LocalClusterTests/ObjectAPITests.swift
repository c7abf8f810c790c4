import KubernetesModel
import LocalCluster
import Testing

/// Reads and writes over HTTP, as any client sees them.
@Suite(.timeLimit(.minutes(2)))
struct ObjectAPITests {
    @Test func `a change of the spec raises the generation, one of the labels or the status does not`() async throws {
        try await withAPI { api, _ in
            let made = try await api.send(.post, ingresses, ingress("web"))
            #expect(made.body[path: "metadata", "generation"] == 1)
            let merge = "application/merge-patch+json"
            let labelled = try await api.send(
                .patch, ingresses + "/web", ["metadata": ["labels": ["a": "b"]]], type: merge)
            #expect(labelled.body[path: "metadata", "generation"] == 1)
            let status = try await api.send(
                .patch, ingresses + "/web/status",
                ["status": ["loadBalancer": ["ingress": [["ip": "192.0.2.1"]]]]], type: merge)
            #expect(status.body[path: "metadata", "generation"] == 1)
            #expect(status.body[path: "status", "loadBalancer", "ingress"] == [["ip": "192.0.2.1"]])
            let spec = try await api.send(
                .patch, ingresses + "/web", ["spec": ["ingressClassName": "other"], "status": nil], type: merge)
            #expect(spec.body[path: "metadata", "generation"] == 2)
            #expect(spec.body[path: "status", "loadBalancer", "ingress"] == [["ip": "192.0.2.1"]])
        }
    }

    @Test func `a stale write is a conflict and changes nothing`() async throws {
        try await withAPI { api, _ in
            var object = try await api.send(.post, configMaps, configMap("c")).body
            let first = object
            object["data"] = ["a": "1"]
            let written = try await api.send(.put, configMaps + "/c", object)
            #expect(written.status == 200)
            var stale = first
            stale["data"] = ["a": "2"]
            let refused = try await api.send(.put, configMaps + "/c", stale)
            #expect(refused.status == 409)
            #expect(refused.body["reason"] == "Conflict")
            #expect(refused.body["message"]?.string?.contains("the object has been modified") == true)
            #expect(try await api.send(.get, configMaps + "/c").body["data"] == ["a": "1"])
        }
    }

    @Test func `a write that changes nothing keeps the revision`() async throws {
        try await withAPI { api, _ in
            let made = try await api.send(.post, configMaps, configMap("c", data: ["a": "1"])).body
            let again = try await api.send(.put, configMaps + "/c", made).body
            #expect(again.resourceVersion == made.resourceVersion)
        }
    }

    @Test func `a dry run answers as if, and leaves nothing`() async throws {
        try await withAPI { api, _ in
            let services = "/api/v1/namespaces/default/services"
            let service: JSONValue = [
                "metadata": ["name": "s"], "spec": ["ports": [["port": 80]], "clusterIP": "10.96.7.7"],
            ]
            for _ in 0..<2 {
                let dry = try await api.send(.post, services + "?dryRun=All", service)
                #expect(dry.status == 201)
                #expect(dry.body[path: "spec", "clusterIP"] == "10.96.7.7")
            }
            #expect(try await api.send(.get, services + "/s").status == 404)
            #expect(try await api.send(.post, services, service).status == 201)
        }
    }

    @Test func `finalizers hold an object until they are gone`() async throws {
        try await withAPI { api, _ in
            var object = configMap("c")
            object["metadata"]?["finalizers"] = ["example.com/hold"]
            _ = try await api.send(.post, configMaps, object)
            let marked = try await api.send(.delete, configMaps + "/c")
            #expect(marked.status == 200)
            #expect(marked.body[path: "metadata", "deletionTimestamp"]?.string != nil)
            let added = try await api.send(
                .patch, configMaps + "/c", ["metadata": ["finalizers": ["example.com/hold", "example.com/more"]]],
                type: "application/merge-patch+json")
            #expect(added.status == 422)
            let freed = try await api.send(
                .patch, configMaps + "/c", ["metadata": ["finalizers": nil]], type: "application/merge-patch+json")
            #expect(freed.status == 200)
            #expect(try await api.send(.get, configMaps + "/c").status == 404)
        }
    }

    @Test func `deletion heeds the preconditions`() async throws {
        try await withAPI { api, _ in
            let made = try await api.send(.post, configMaps, configMap("c")).body
            let wrong = try await api.send(.delete, configMaps + "/c", ["preconditions": ["uid": "other"]])
            #expect(wrong.status == 409)
            let right = try await api.send(
                .delete, configMaps + "/c", ["preconditions": ["uid": made[path: "metadata", "uid"] ?? nil]])
            #expect(right.status == 200)
            #expect(right.body["status"] == "Success")
        }
    }

    @Test(arguments: ["Background", "Foreground", "Orphan"])
    func `dependents go with their owner, or stay as orphans`(policy: String) async throws {
        try await withAPI { api, _ in
            let owner = try await api.send(.post, configMaps, configMap("owner")).body
            var dependent = configMap("dependent")
            dependent["metadata"]?["ownerReferences"] = [
                [
                    "apiVersion": "v1", "kind": "ConfigMap", "name": "owner",
                    "uid": owner[path: "metadata", "uid"] ?? nil,
                ]
            ]
            _ = try await api.send(.post, configMaps, dependent)
            _ = try await api.send(.delete, configMaps + "/owner", ["propagationPolicy": .string(policy)])
            #expect(try await api.send(.get, configMaps + "/owner").status == 404)
            let left = try await api.send(.get, configMaps + "/dependent")
            #expect(left.status == (policy == "Orphan" ? 200 : 404))
            #expect(left.body[path: "metadata", "ownerReferences"] == nil)
        }
    }

    @Test func `an object whose owner does not exist is collected`() async throws {
        try await withAPI { api, _ in
            var object = configMap("c")
            object["metadata"]?["ownerReferences"] = [
                ["apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": "1234"]
            ]
            let made = try await api.send(.post, configMaps, object)
            #expect(made.status == 201)
            #expect(try await api.send(.get, configMaps + "/c").status == 404)
        }
    }

    @Test func `a name is made from a prefix`() async throws {
        try await withAPI { api, _ in
            let made = try await api.send(.post, configMaps, ["metadata": ["generateName": "job-"]])
            #expect(made.status == 201)
            #expect(made.body.name.hasPrefix("job-"))
            #expect(made.body.name.count == 9)
        }
    }

    @Test func `large things are refused with their limit`() async throws {
        try await withAPI { api, _ in
            var object = configMap("c")
            object["metadata"]?["annotations"] = ["a": .string(String(repeating: "x", count: 300_000))]
            let annotations = try await api.send(.post, configMaps, object)
            #expect(annotations.status == 422)
            #expect(annotations.body["message"]?.string?.contains("metadata.annotations: Too long") == true)
            object["metadata"]?["annotations"] = ["a": .string(String(repeating: "x", count: 10_000_000))]
            let body = try await api.send(.post, configMaps, object)
            #expect(body.status == 413)
            #expect(body.body["reason"] == "RequestEntityTooLarge")
        }
    }

    @Test func `malformed bodies are refused with their place`() async throws {
        try await withAPI { api, _ in
            let broken = try await api.send(
                .post, configMaps, bytes: Array(#"{"metadata": {"name": }"#.utf8), type: "application/json")
            #expect(broken.status == 400)
            #expect(broken.body["message"]?.string?.contains("byte 22") == true)
            let kind = try await api.send(.post, configMaps, ingress("i"))
            #expect(kind.status == 400)
            let unknown = try await api.send(.post, configMaps, bytes: [1, 2], type: "application/cbor")
            #expect(unknown.status == 415)
        }
    }

    @Test func `only those with the token come in`() async throws {
        try await withAPI { api, _ in
            for token in [nil, "wrong", ""] {
                var stranger = api
                stranger.token = token
                let refused = try await stranger.send(.get, configMaps)
                #expect(refused.status == 401)
                #expect(refused.body["reason"] == "Unauthorized")
                #expect(try await stranger.send(.get, "/readyz").status == 200)
            }
        }
    }

    @Test func `terminating namespaces take nothing new, and go when they are empty`() async throws {
        try await withAPI { api, _ in
            _ = try await api.send(.post, "/api/v1/namespaces", ["metadata": ["name": "team"]])
            let inside = "/api/v1/namespaces/team/configmaps"
            var held = configMap("held")
            held["metadata"]?["finalizers"] = ["example.com/hold"]
            _ = try await api.send(.post, inside, held)
            _ = try await api.send(.delete, "/api/v1/namespaces/team")
            let state = try await api.send(.get, "/api/v1/namespaces/team")
            #expect(state.body[path: "status", "phase"] == "Terminating")
            let refused = try await api.send(.post, inside, configMap("late"))
            #expect(refused.status == 403)
            #expect(refused.body["message"]?.string?.contains("because it is being terminated") == true)
            _ = try await api.send(
                .patch, inside + "/held", ["metadata": ["finalizers": nil]], type: "application/merge-patch+json")
            #expect(try await api.send(.get, "/api/v1/namespaces/team").status == 404)
        }
    }

    @Test func `server-side apply reads YAML and creates`() async throws {
        try await withAPI { api, _ in
            let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {count: \"12\"}\n"
            let made = try await api.send(
                .patch, configMaps + "/c?fieldManager=me", bytes: Array(yaml.utf8), type: "application/apply-patch+yaml"
            )
            #expect(made.status == 201)
            #expect(made.body["data"] == ["count": "12"])
            let anonymous = try await api.send(
                .patch, configMaps + "/c", bytes: Array(yaml.utf8), type: "application/apply-patch+yaml")
            #expect(anonymous.status == 422)
        }
    }

    @Test func `metadata alone is served on request`() async throws {
        try await withAPI { api, _ in
            _ = try await api.send(.post, configMaps, configMap("c", data: ["a": "b"]))
            let list = try await api.send(
                .get, configMaps, accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
            #expect(list.body["kind"] == "PartialObjectMetadataList")
            #expect(list.body.items.map(\.name) == ["c"])
            #expect(list.body.items.first?["data"] == nil)
        }
    }
}
