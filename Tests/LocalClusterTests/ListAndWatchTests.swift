import KubernetesModel
import LocalCluster
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ListAndWatchTests {
    private func fill(_ api: APIClient, _ names: [String], labels: JSONValue = [:]) async throws {
        for name in names {
            let made = try await api.send(.post, configMaps, configMap(name, labels: labels))
            #expect(made.status == 201)
        }
    }

    private func summary(_ events: [JSONValue]) -> [String] {
        events.map { "\($0["type"]?.string ?? "") \($0["object"]?.name ?? "")" }
    }

    @Test func `pages show the objects as they were when the list began`() async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a", "b", "c", "d"])
            let first = try await api.send(.get, configMaps + "?limit=2").body
            #expect(first.items.map(\.name) == ["a", "b"])
            #expect(first[path: "metadata", "remainingItemCount"] == 2)
            _ = try await api.send(.delete, configMaps + "/c")
            try await fill(api, ["cc"])
            let token = first[path: "metadata", "continue"]?.string ?? ""
            let second = try await api.send(.get, configMaps + "?limit=2&continue=\(token)").body
            #expect(second.items.map(\.name) == ["c", "d"])
            #expect(second.resourceVersion == first.resourceVersion)
            #expect(second[path: "metadata", "continue"] == nil)
        }
    }

    @Test func `a continue token and a watch from before the history are expired`() async throws {
        try await withAPI(LocalClusterConfiguration(historyLimit: 3)) { api, _ in
            try await fill(api, ["a", "b"])
            let first = try await api.send(.get, configMaps + "?limit=1").body
            try await fill(api, ["c", "d", "e", "f"])
            let token = first[path: "metadata", "continue"]?.string ?? ""
            let expired = try await api.send(.get, configMaps + "?limit=1&continue=\(token)")
            #expect(expired.status == 410)
            #expect(expired.body["reason"] == "Expired")
            let events = try await api.watch(
                configMaps + "?watch=1&resourceVersion=\(first.resourceVersion)"
            ) { _ in false }
            #expect(events.map { $0["type"] } == ["ERROR"])
            #expect(events.first?[path: "object", "code"] == 410)
        }
    }

    @Test func `a watch goes on from a revision`() async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a"])
            let list = try await api.send(.get, configMaps).body
            try await fill(api, ["b"])
            _ = try await api.send(.delete, configMaps + "/a")
            let events = try await api.watch(configMaps + "?watch=1&resourceVersion=\(list.resourceVersion)") {
                if $0.count == 2 { try await fill(api, ["c"]) }
                return $0.count == 3
            }
            #expect(summary(events) == ["ADDED b", "DELETED a", "ADDED c"])
            let revisions = events.compactMap { UInt64($0["object"]?.resourceVersion ?? "") }
            #expect(revisions == revisions.sorted() && Set(revisions).count == 3)
        }
    }

    @Test(arguments: ["", "&resourceVersion=0"])
    func `a watch without a revision begins with what is there`(revision: String) async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a", "b"])
            let events = try await api.watch(configMaps + "?watch=1" + revision) { $0.count == 2 }
            #expect(summary(events) == ["ADDED a", "ADDED b"])
        }
    }

    @Test func `an object that leaves the selection is deleted for its watchers`() async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a"], labels: ["tier": "front"])
            try await fill(api, ["z"])
            let merge = "application/merge-patch+json"
            let events = try await api.watch(configMaps + "?watch=1&labelSelector=tier%3Dfront") { events in
                if events.count == 1 {
                    let patch: JSONValue = ["metadata": ["labels": ["tier": "back"]]]
                    _ = try await api.send(.patch, configMaps + "/a", patch, type: merge)
                    let enter: JSONValue = ["metadata": ["labels": ["tier": "front"]]]
                    _ = try await api.send(.patch, configMaps + "/z", enter, type: merge)
                }
                return events.count == 3
            }
            #expect(summary(events) == ["ADDED a", "DELETED a", "ADDED z"])
            #expect(events[1][path: "object", "metadata", "labels", "tier"] == "front")
        }
    }

    @Test func `a streaming list ends its beginning with a bookmark`() async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a"])
            let path =
                configMaps
                + "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
            let events = try await api.watch(path) { $0.count == 2 }
            #expect(events.map { $0["type"] } == ["ADDED", "BOOKMARK"])
            #expect(events[1][path: "object", "metadata", "annotations", "k8s.io/initial-events-end"] == "true")
            let without = try await api.send(.get, configMaps + "?watch=1&sendInitialEvents=true")
            #expect(without.status == 422)
        }
    }

    @Test func `bookmarks come from time to time, and lead past other kinds' changes`() async throws {
        try await withAPI(LocalClusterConfiguration(bookmarkInterval: .milliseconds(100))) { api, _ in
            let list = try await api.send(.get, ingresses).body
            try await fill(api, ["a"])
            let events = try await api.watch(
                ingresses + "?watch=1&allowWatchBookmarks=true&resourceVersion=\(list.resourceVersion)"
            ) { !$0.isEmpty }
            #expect(events[0]["type"] == "BOOKMARK")
            let before = try #require(UInt64(list.resourceVersion))
            let after = try #require(UInt64(events[0]["object"]?.resourceVersion ?? ""))
            #expect(after > before)
        }
    }

    @Test func `a watch ends after timeoutSeconds`() async throws {
        try await withAPI { api, _ in
            let events = try await api.watch(configMaps + "?watch=1&timeoutSeconds=1") { _ in false }
            #expect(events.isEmpty)
        }
    }

    @Test func `tables come with their columns, in lists and in watches`() async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a"])
            let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
            let table = try await api.send(.get, configMaps, accept: accept).body
            #expect(table["kind"] == "Table")
            #expect(table["columnDefinitions"]?.array?.first?["name"] == "Name")
            #expect(table["rows"]?.array?.first?["cells"]?.array?.first == "a")
            #expect(table["rows"]?.array?.first?[path: "object", "kind"] == "PartialObjectMetadata")
            let events = try await api.watch(configMaps + "?watch=1", accept: accept) { !$0.isEmpty }
            #expect(events[0][path: "object", "kind"] == "Table")
        }
    }

    @Test(arguments: [
        ("tier=front", ["a"]), ("tier!=front", ["b", "c"]), ("tier in (front,back)", ["a", "b"]),
        ("tier notin (front)", ["b", "c"]), ("tier", ["a", "b"]), ("!tier", ["c"]), ("tier=front,!x", ["a"]),
    ])
    func `label selectors select`(selector: String, expected: [String]) async throws {
        try await withAPI { api, _ in
            try await fill(api, ["a"], labels: ["tier": "front"])
            try await fill(api, ["b"], labels: ["tier": "back"])
            try await fill(api, ["c"])
            let escaped = selector.replacing(" ", with: "%20").replacing("=", with: "%3D").replacing(",", with: "%2C")
            let list = try await api.send(.get, configMaps + "?labelSelector=\(escaped)").body
            #expect(list.items.map(\.name) == expected)
        }
    }

    @Test func `fields that cannot be selected are refused`() async throws {
        try await withAPI { api, _ in
            let refused = try await api.send(.get, configMaps + "?fieldSelector=data.a%3Db")
            #expect(refused.status == 400)
            #expect(refused.body["message"]?.string?.contains("field label not supported: data.a") == true)
        }
    }
}
