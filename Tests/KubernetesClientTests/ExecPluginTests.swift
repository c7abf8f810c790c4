import Foundation
import KubernetesClient
import KubernetesModel
import Synchronization
import TestSupport
import Testing

@Suite struct ExecPluginTests {
    static let answer = CredentialTests.answer
    static let pod = CredentialTests.pod

    /// A plugin that counts its runs in a file and prints `credential`, whose `$n` is the count.
    private static func plugin(_ folder: String, _ credential: String) throws -> ExecPlugin {
        let path = "\(folder)/plugin"
        let script = """
            #!/bin/sh
            echo run >> "\(folder)/runs"
            n=$(grep -c run "\(folder)/runs")
            printf '%s' "$KUBERNETES_EXEC_INFO" > "\(folder)/info"
            printf '%s %s' "$1" "$EXTRA" > "\(folder)/given"
            cat <<EOF
            \(credential)
            EOF
            """
        try write(script, to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        var plugin = ExecPlugin(command: path, apiVersion: .v1, origin: "users[u].exec in test")
        plugin.environment = ["PATH": "/usr/bin:/bin", "EXTRA": "extra"]
        plugin.arguments = ["--get"]
        return plugin
    }

    private static func status(_ fields: String) -> String {
        #"{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {\#(fields)}}"#
    }

    private static func tokens(_ plugin: ExecPlugin, requests: Int, refuse: Set<String> = []) async throws -> [String] {
        let seen = Mutex<[String]>([])
        try await withConfiguredClient { connection, _ in
            connection.credentials.exec = plugin
        } _: { request, reply in
            let token = request.headers["authorization"] ?? ""
            seen.withLock { $0.append(token) }
            if refuse.contains(token) { return try await reply.json("{}", status: "401 Unauthorized") }
            try await reply.json(answer)
        } _: { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<requests { group.addTask { _ = try await client.get(Pod.self, pod) } }
                try await group.waitForAll()
            }
        }
        return seen.withLock(\.self)
    }

    @Test func `requests at once run it once, and a credential without an end is kept`() async throws {
        try await withTemporaryDirectory { folder in
            let plugin = try Self.plugin(folder, Self.status(#""token": "t$n""#))
            #expect(try await Self.tokens(plugin, requests: 5) == Array(repeating: "Bearer t1", count: 5))
            #expect(try String(contentsOfFile: "\(folder)/given", encoding: .utf8) == "--get extra")
            let info = try JSONDecoder().decode(
                JSONValue.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/info")))
            #expect(info["kind"] == "ExecCredential")
            #expect(info["spec"] == ["interactive": false])
        }
    }

    @Test func `an expired credential is renewed`() async throws {
        try await withTemporaryDirectory { folder in
            let plugin = try Self.plugin(
                folder, Self.status(#""token": "t$n", "expirationTimestamp": "2020-01-01T00:00:00Z""#))
            #expect(try await Self.tokens(plugin, requests: 2).sorted() == ["Bearer t1", "Bearer t2"])
        }
    }

    @Test func `a refused credential is renewed once`() async throws {
        try await withTemporaryDirectory { folder in
            let plugin = try Self.plugin(folder, Self.status(#""token": "t$n""#))
            let seen = try await Self.tokens(plugin, requests: 1, refuse: ["Bearer t1"])
            #expect(seen == ["Bearer t1", "Bearer t2"])
        }
    }

    @Test func `is told about the cluster where it asks`() async throws {
        try await withTemporaryDirectory { folder in
            _ = try Self.plugin(folder, Self.status(#""token": "t""#))
            try write(
                """
                {current-context: x, clusters: [{name: c, cluster: {server: 'https://h:1', tls-server-name: n, \
                certificate-authority-data: Q0E=}}], contexts: [{name: x, context: {cluster: c, user: u}}], \
                users: [{name: u, user: {exec: {command: ./plugin, apiVersion: client.authentication.k8s.io/v1, \
                provideClusterInfo: true, env: [{name: A, value: b}]}}}]}
                """, to: "\(folder)/config")
            let connection = try ClusterConnection.kubeconfig(
                path: "\(folder)/config", environment: ["A": "a", "C": "c"])
            let plugin = try #require(connection.credentials.exec)
            #expect(plugin.command == "\(folder)/./plugin")
            #expect(plugin.environment == ["A": "b", "C": "c"])
            #expect(
                plugin.clusterInfo
                    == ["server": "https://h:1", "tls-server-name": "n", "certificate-authority-data": "Q0E="])
        }
    }

    @Test(arguments: [
        ("", "printed no ExecCredential"),
        (#"{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential"}"#, "printed client"),
        (status(""), "gave neither a token nor a client certificate"),
        (status(#""clientCertificateData": "x""#), "gave only one of"),
    ])
    func `a bad answer is told without quoting it`(output: String, reason: String) async throws {
        try await withTemporaryDirectory { folder in
            let plugin = try Self.plugin(folder, output)
            let error = await #expect(throws: KubernetesError.self) { try await Self.tokens(plugin, requests: 1) }
            #expect(error?.code == .credentials)
            #expect(error?.subject == "users[u].exec in test")
            #expect(error?.message.hasPrefix("\(folder)/plugin \(reason)") == true)
        }
    }

    @Test func `its own words are told when it fails, and the hint when it is missing`() async throws {
        try await withTemporaryDirectory { folder in
            var plugin = try Self.plugin(folder, "")
            try write("#!/bin/sh\necho 'please log in' >&2\nexit 3\n", to: plugin.command)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: plugin.command)
            let failed = await #expect(throws: KubernetesError.self) { try await Self.tokens(plugin, requests: 1) }
            #expect(failed?.message == "\(folder)/plugin exited with 3: please log in")
            plugin.command = "\(folder)/none"
            plugin.installHint = "Install it with apt."
            let missing = await #expect(throws: KubernetesError.self) { try await Self.tokens(plugin, requests: 1) }
            #expect(missing?.message == "\(folder)/none is not installed. Install it with apt.")
        }
    }
}
