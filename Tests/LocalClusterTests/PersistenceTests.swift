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
        try await withTemporaryDirectory { directory in
            let services = "/api/v1/namespaces/default/services"
            let service: JSONValue = ["metadata": ["name": "s"], "spec": ["ports": [["port": 80]]]]
            let (made, token, authority) = try await withAPI(at(directory)) { api, cluster in
                _ = try await api.send(
                    .POST, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
                    bytes: Array(CustomResourceTests.definition.utf8), type: "application/yaml")
                _ = try await api.send(
                    .POST, "/apis/example.com/v1/namespaces/default/widgets",
                    ["metadata": ["name": "w"], "spec": ["size": "small"]])
                _ = try await api.send(.POST, configMaps, configMap("gone"))
                _ = try await api.send(.DELETE, configMaps + "/gone")
                return (
                    try await api.send(.POST, services, service).body, cluster.token, cluster.authorityCertificate
                )
            }
            try await withAPI(at(directory)) { api, cluster in
                #expect(cluster.token == token)
                #expect(cluster.authorityCertificate == authority)
                let read = try await api.send(.GET, services + "/s").body
                #expect(read == made)
                #expect(try await api.send(.GET, configMaps + "/gone").status == 404)
                let widget = try await api.send(.GET, "/apis/example.com/v1/namespaces/default/widgets/w").body
                #expect(widget[path: "spec", "size"] == "small")
                let next = try await api.send(.POST, configMaps, configMap("c")).body
                #expect(try #require(UInt64(next.resourceVersion)) > (try #require(UInt64(made.resourceVersion))))
                // What was before the restart cannot be watched any more.
                let events = try await api.watch(services + "?watch=1&resourceVersion=2") { _ in false }
                #expect(events.first?[path: "object", "code"] == 410)
                // Its address is still taken.
                var thief = service
                thief["metadata"]?["name"] = "thief"
                thief["spec"]?["clusterIP"] = made[path: "spec", "clusterIP"]
                #expect(try await api.send(.POST, services, thief).status == 422)
            }
        }
    }

    @Test func `secrets on disk are for their owner alone`() async throws {
        try await withTemporaryDirectory { directory in
            try await withAPI(at(directory)) { _, cluster in
                try cluster.writeKubeconfig(to: directory + "/kubeconfig")
            }
            for name in ["token", "ca.key", "kubeconfig"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
                #expect((attributes[.posixPermissions] as? Int) == 0o600, "\(name)")
            }
        }
    }

    @Test func `a damaged file is named`() async throws {
        try await withTemporaryDirectory { directory in
            try Data("this is no database, but long enough to look at".utf8).write(
                to: URL(fileURLWithPath: directory + "/cluster.db"))
            await #expect {
                try await withAPI(at(directory)) { _, _ in }
            } throws: { error in
                "\(error)".contains("cluster.db") && "\(error)".contains("damaged")
            }
        }
    }

    @Test func `two processes do not share a folder`() async throws {
        try await withTemporaryDirectory { directory in
            try await withAPI(at(directory)) { _, _ in
                await #expect {
                    try await withAPI(at(directory)) { _, _ in }
                } throws: { error in
                    "\(error)".contains("another process is using it")
                }
            }
        }
    }

    @Test func `a port that is taken is named`() async throws {
        try await withAPI { _, cluster in
            let port = try await cluster.whenReady
            await #expect(throws: LocalClusterError.portInUse(address: .v4(127, 0, 0, 1), port: port)) {
                try await withLocalCluster(LocalClusterConfiguration(port: port)) { _ in }
            }
        }
    }
}
