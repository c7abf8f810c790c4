import Foundation
import KubernetesClient
import KubernetesModel
import Synchronization
import TestSupport
import Testing

@Suite struct VerbTests {
    /// Sends what `body` sends and returns the requests, each answered with an empty-enough object.
    private static func requests(
        _ body: @escaping @Sendable (KubernetesClient) async throws -> Void
    ) async throws -> [ScriptedServer.Request] {
        let seen = Mutex<[ScriptedServer.Request]>([])
        try await withClient { request, reply in
            seen.withLock { $0.append(request) }
            try await reply.json(#"{"metadata": {"name": "a", "resourceVersion": "5"}, "items": null}"#)
        } _: { client in
            try await body(client)
        }
        return seen.withLock(\.self)
    }

    @Test func `each verb has its method, path and type`() async throws {
        let name = ObjectName(namespace: "shop", name: "web")
        let requests = try await Self.requests { client in
            _ = try await client.get(Ingress.self, name)
            _ = try await client.get(Namespace.self, ObjectName(name: "shop"))
            _ = try await client.create(Lease(metadata: ObjectMeta(name: "l", namespace: "shop")))
            _ = try await client.replace(
                Ingress(metadata: ObjectMeta(name: "web", namespace: "shop")), subresource: "status")
            try await client.delete(Ingress.resource, name)
            try await client.patch(Ingress.resource, name, ["a": 1], type: .merge)
            try await client.apply(
                ["metadata": ["name": "web"]], as: Ingress.resource, fieldManager: "fairway dev", force: true,
                subresource: "status")
            _ = try await client.raw("GET", "/version")
        }
        let group = "/apis/networking.k8s.io/v1/namespaces"
        #expect(
            requests.map { "\($0.method) \($0.target)" } == [
                "GET \(group)/shop/ingresses/web", "GET /api/v1/namespaces/shop",
                "POST /apis/coordination.k8s.io/v1/namespaces/shop/leases",
                "PUT \(group)/shop/ingresses/web/status", "DELETE \(group)/shop/ingresses/web",
                "PATCH \(group)/shop/ingresses/web",
                "PATCH \(group)/default/ingresses/web/status?fieldManager=fairway%20dev&force=true", "GET /version",
            ])
        #expect(requests[5].headers["content-type"] == "application/merge-patch+json")
        #expect(requests[6].headers["content-type"] == "application/apply-patch+yaml")
        let body = try JSONDecoder().decode(JSONValue.self, from: Data(requests[2].body.utf8))
        #expect(
            body == [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": "l", "namespace": "shop"],
            ])
    }

    @Test func `names and selectors cannot leave their place in the URL`() async throws {
        let requests = try await Self.requests { client in
            _ = try await client.get(Pod.self, ObjectName(namespace: "..", name: "a/b?c"))
            _ = try await client.list(
                Pod.self, Selection(labels: "app in (a,b)", fields: "spec.nodeName=n&x"),
                page: Page(limit: 5, continue: "t/="))
        }
        #expect(requests[0].target == "/api/v1/namespaces/%2E%2E/pods/a%2Fb%3Fc")
        #expect(
            requests[1].target
                == "/api/v1/pods?labelSelector=app%20in%20%28a%2Cb%29&fieldSelector=spec.nodeName%3Dn%26x&limit=5"
                + "&continue=t%2F%3D")
    }

    @Test(arguments: [
        ("404 Not Found", #"{"code": 404, "reason": "NotFound", "message": "m"}"#, KubernetesError.Code.notFound),
        ("409 Conflict", #"{"code": 409, "reason": "AlreadyExists", "message": "m"}"#, .alreadyExists),
        ("409 Conflict", #"{"code": 409, "reason": "Conflict", "message": "m"}"#, .conflict),
        ("410 Gone", #"{"code": 410, "reason": "Expired", "message": "m"}"#, .expired),
        ("403 Forbidden", #"{"message": "m"}"#, .forbidden),
        ("422 Unprocessable Entity", #"{"message": "m"}"#, .invalid),
        ("504 Gateway Timeout", #"{"message": "m"}"#, .timeout),
        ("500 Internal Server Error", #"{"message": "m"}"#, .unavailable),
    ])
    func `refusals have codes`(status: String, body: String, code: KubernetesError.Code) async throws {
        let error = try await withClient { _, reply in
            try await reply.json(body, status: status)
        } _: { client in
            try await failure { () async throws(KubernetesError) in
                try await client.get(Ingress.self, ObjectName(namespace: "a", name: "b"))
            }
        }
        #expect(error.code == code)
        #expect(error.description == "cannot get ingresses.networking.k8s.io a/b: m")
    }

    @Test func `the server's wish to wait is passed on, and an answer in HTML is no riddle`() async throws {
        let error = try await withClient { _, reply in
            try await reply.json("<html>", status: "429 Too Many Requests", headers: ["Retry-After: 7"])
        } _: { client in
            try await failure { () async throws(KubernetesError) in try await client.raw("GET", "/x") }
        }
        #expect(error.code == .tooManyRequests)
        #expect(error.retryAfter == .seconds(7))
        #expect(error.isRetryable)
        #expect(error.message == "the server answered 429 Too Many Requests")
    }

    @Test func `one bad object in a list does not take the others down`() async throws {
        let list = try await withClient { _, reply in
            try await reply.json(
                """
                {"metadata": {"resourceVersion": "9", "continue": "t"}, "items": [
                {"metadata": {"name": "a", "namespace": "n"}},
                {"metadata": {"name": "b", "namespace": "n", "resourceVersion": "4"}, "spec": {"rules": [{"host": 5}]}},
                {"metadata": {"name": "c", "namespace": "n"}}, 7]}
                """)
        } _: { client in
            try await client.list(Ingress.self)
        }
        #expect(list.items.map(\.metadata.name) == ["a", "c"])
        #expect(list.continue == "t")
        #expect(list.resourceVersion == "9")
        #expect(
            list.undecodable == [
                UndecodableObject(
                    name: ObjectName(namespace: "n", name: "b"), resourceVersion: "4",
                    reason: "spec.rules[0].host: is not a string"),
                UndecodableObject(name: nil, reason: "the document: is not an object"),
            ])
    }

    @Test func `an answer over the limit, and one that never comes, are errors of their own`() async throws {
        let large = try await withConfiguredClient { _, configuration in
            configuration.maximumResponse = 100
        } _: { _, reply in
            try await reply.json(String(repeating: " ", count: 200) + "{}")
        } _: { client in
            try await failure { () async throws(KubernetesError) in try await client.raw("GET", "/x") }
        }
        #expect(large.code == .undecodable)
        let slow = try await withConfiguredClient { _, configuration in
            configuration.callTimeout = .milliseconds(100)
        } _: { _, reply in
            try await reply.hang()
        } _: { client in
            try await failure { () async throws(KubernetesError) in try await client.raw("GET", "/x") }
        }
        #expect(slow.code == .timeout)
    }

    @Test func `nobody there is a transport failure that says where`() async throws {
        let port = try freePort()
        let connection = ClusterConnection(server: "http://127.0.0.1:\(port)", origin: "test")
        let client = try KubernetesClient(connection: connection, logger: quiet)
        let error = try await failure { () async throws(KubernetesError) in try await client.raw("GET", "/x") }
        await client.shutdown()
        #expect(error.code == .transport)
        #expect(error.message.contains("127.0.0.1:\(port)"))
    }

    @Test func `a change is tried again on the newer object after a conflict`() async throws {
        let writes = Mutex<[String]>([])
        let result = try await withClient { request, reply in
            let count = writes.withLock(\.count)
            guard request.method == "PUT" else {
                return try await reply.json(#"{"metadata": {"name": "a", "resourceVersion": "\#(count + 1)"}}"#)
            }
            writes.withLock { $0.append(request.body) }
            if count < 2 { return try await reply.json("{}", status: "409 Conflict") }
            try await reply.json(request.body)
        } _: { client in
            try await client.modify(ConfigMap.self, ObjectName(namespace: "n", name: "a")) { map in
                map.data = ["k": "v"]
                return true
            }
        }
        #expect(result.data == ["k": "v"])
        #expect(result.metadata.resourceVersion == "3")
        #expect(writes.withLock(\.count) == 3)
    }

    @Test func `discovery finds kinds, and a broken group does not hide the others`() async throws {
        let discovery = try await withClient { request, reply in
            switch request.path {
            case "/api": try await reply.json(#"{"versions": ["v1"]}"#)
            case "/api/v1":
                try await reply.json(
                    #"{"resources": [{"name": "pods", "kind": "Pod", "namespaced": true}, {"name": "pods/log", "kind": "Pod"}]}"#
                )
            case "/apis":
                try await reply.json(
                    """
                    {"groups": [{"name": "broken.io", "versions": [{"version": "v1"}]}, {"name": "ok.io", \
                    "versions": [{"version": "v1beta1"}, {"version": "v1"}], "preferredVersion": {"version": "v1"}}]}
                    """)
            case "/apis/broken.io/v1": try await reply.json("{}", status: "503 Service Unavailable")
            default: try await reply.json(#"{"resources": [{"name": "things", "kind": "Thing", "namespaced": false}]}"#)
            }
        } _: { client in
            try await client.discover()
        }
        #expect(
            discovery.kinds.map { "\($0.apiVersion) \($0.plural)" } == [
                "v1 pods", "ok.io/v1 things", "ok.io/v1beta1 things",
            ])
        #expect(discovery.kind(apiVersion: "v1", kind: "Pod")?.isNamespaced == true)
        #expect(discovery.failures.map(\.code) == [.unavailable])
    }
}
