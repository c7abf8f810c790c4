import Foundation
import KubernetesModel
import LocalCluster
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PersistenceTests {
    private func at(_ directory: String) -> LocalClusterConfiguration {
        LocalClusterConfiguration(dataDirectory: directory)
    }

    @Test func `objects, definitions, addresses and the identity survive a restart, and revisions go on`() async throws
    {
        try await withTemporaryDirectory { directory -> Void in
            let services = "/api/v1/namespaces/default/services"
            let service: JSONValue = ["metadata": ["name": "s"], "spec": ["ports": [["port": 80]]]]
            let (made, token, authority) = try await withAPI(at(directory)) { api, cluster in
                _ = try await api.send(
                    .post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    bytes: Array(CustomResourceTests.definition.utf8), type: "application/yaml")
                _ = try await api.send(
                    .post, "/apis/example.com/v1/namespaces/default/widgets",
                    ["metadata": ["name": "w"], "spec": ["size": "small"]])
                _ = try await api.send(.post, configMaps, configMap("gone"))
                _ = try await api.send(.delete, configMaps + "/gone")
                return (
                    try await api.send(.post, services, service).body, cluster.token, cluster.authorityCertificate
                )
            }
            try await withAPI(at(directory)) { api, cluster in
                #expect(cluster.token == token)
                #expect(cluster.authorityCertificate == authority)
                let read = try await api.send(.get, services + "/s").body
                #expect(read == made)
                #expect(try await api.send(.get, configMaps + "/gone").status == 404)
                let widget = try await api.send(.get, "/apis/example.com/v1/namespaces/default/widgets/w").body
                #expect(widget[path: "spec", "size"] == "small")
                let next = try await api.send(.post, configMaps, configMap("c")).body
                #expect(try #require(UInt64(next.resourceVersion)) > (try #require(UInt64(made.resourceVersion))))
                // What was before the restart cannot be watched any more.
                let events = try await api.watch(services + "?watch=1&resourceVersion=2") { _ in false }
                #expect(events.first?[path: "object", "code"] == 410)
                // Its address is still taken.
                var thief = service
                thief["metadata"]?["name"] = "thief"
                thief["spec"]?["clusterIP"] = made[path: "spec", "clusterIP"]
                #expect(try await api.send(.post, services, thief).status == 422)
            }
        }
    }

    @Test func `secrets on disk are for their owner alone`() async throws {
        try await withTemporaryDirectory { directory -> Void in
            try await withAPI(at(directory)) { _, cluster in
                try cluster.writeKubeconfig(to: directory + "/kubeconfig")
            }
            for name in ["token", "ca.key", "kubeconfig"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
                #expect((attributes[.posixPermissions] as? Int) == 0o600, "\(name)")
            }
        }
    }

    /// How starting with this configuration fails; empty if it does not.
    private func refusal(_ configuration: LocalClusterConfiguration) async -> String {
        do {
            try await withLocalCluster(configuration) { _ in }
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `a damaged file is named`() async throws {
        try await withTemporaryDirectory { directory -> Void in
            try Data("this is no database, but long enough to look at".utf8).write(
                to: URL(fileURLWithPath: directory + "/cluster.db"))
            let refusal = await refusal(at(directory))
            #expect(refusal.contains("cluster.db") && refusal.contains("damaged"), "\(refusal)")
        }
    }

    @Test func `two processes do not share a folder`() async throws {
        try await withTemporaryDirectory { directory -> Void in
            try await withLocalCluster(at(directory)) { _ in
                let refusal = await refusal(at(directory))
                #expect(refusal.contains("another process is using it"), "\(refusal)")
            }
        }
    }

    @Test func `a port that is taken is named`() async throws {
        try await withLocalCluster { cluster in
            let port = try await cluster.whenReady
            let refusal = await refusal(LocalClusterConfiguration(port: port))
            #expect(refusal.contains("port \(port): another program is listening there"), "\(refusal)")
        }
    }
}
