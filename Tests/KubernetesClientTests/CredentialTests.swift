import KubernetesClient
import KubernetesModel
import NIOCore
import NIOSSL
import Synchronization
import TLSMaterial
import TestSupport
import Testing

@Suite struct CredentialTests {
    static let pod = ObjectName(namespace: "default", name: "web")
    static let answer = #"{"metadata": {"name": "web", "namespace": "default"}}"#

    @Test func `a rotated token file is read again, and a moment without it does no harm`() async throws {
        try await withTemporaryDirectory { folder in
            try write("first\n", to: "\(folder)/token")
            let seen = Mutex<[String]>([])
            try await withConfiguredClient { connection, _ in
                connection.credentials.token = .file("\(folder)/token")
            } _: { request, reply in
                seen.withLock { $0.append(request.headers["authorization"] ?? "") }
                try await reply.json(Self.answer)
            } _: { client in
                _ = try await client.get(Pod.self, Self.pod)
                try write("second and longer\n", to: "\(folder)/token")
                _ = try await client.get(Pod.self, Self.pod)
                try remove("\(folder)/token")
                _ = try await client.get(Pod.self, Self.pod)
            }
            #expect(
                seen.withLock(\.self) == ["Bearer first", "Bearer second and longer", "Bearer second and longer"])
        }
    }

    @Test(arguments: [
        ("token", "/nowhere/token", "No such file or directory"), ("token", "/", "Is a directory"),
    ])
    func `a token that cannot be read fails closed and names the file`(
        kind: String, path: String, reason: String
    ) async throws {
        var connection = ClusterConnection(server: "https://127.0.0.1:1", origin: "test")
        connection.credentials.token = .file(path)
        let error = #expect(throws: KubernetesError.self) {
            try KubernetesClient(connection: connection, logger: quiet)
        }
        #expect(error?.code == .credentials)
        #expect(error?.description == "cannot read credentials \(path): \(reason)")
    }

    @Test func `an empty token and a broken authority fail closed and name the file`() async throws {
        try await withTemporaryDirectory { folder in
            try write(" \n", to: "\(folder)/token")
            try write("no certificate", to: "\(folder)/ca.crt")
            var connection = ClusterConnection(server: "https://127.0.0.1:1", origin: "test")
            connection.credentials.token = .file("\(folder)/token")
            let token = #expect(throws: KubernetesError.self) {
                try KubernetesClient(connection: connection, logger: quiet)
            }
            #expect(token?.description == "cannot read token \(folder)/token: it is empty")
            connection.credentials.token = nil
            for (file, reason) in [
                ("ca.crt", "holds no usable PEM certificate"), ("none", "No such file or directory"),
            ] {
                connection.certificateAuthority = .file("\(folder)/\(file)")
                let error = #expect(throws: KubernetesError.self) {
                    try KubernetesClient(connection: connection, logger: quiet)
                }
                #expect(error?.code == .credentials)
                #expect(error?.subject == "\(folder)/\(file)")
                #expect(error?.message == reason)
            }
        }
    }

    @Test func `a pod's account is read from its mount`() async throws {
        try await withTemporaryDirectory { folder in
            try write("t", to: "\(folder)/token")
            try write("ca", to: "\(folder)/ca.crt")
            try write("edge\n", to: "\(folder)/namespace")
            let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
            let connection = try ClusterConnection.inCluster(environment: environment, directory: folder)
            #expect(connection.server == "https://[fd00::1]:443")
            #expect(connection.namespace == "edge")
            #expect(connection.credentials.token == .file("\(folder)/token"))
            try remove("\(folder)/ca.crt")
            let error = #expect(throws: KubernetesError.self) {
                try ClusterConnection.inCluster(environment: environment, directory: folder)
            }
            #expect(error?.subject == "\(folder)/ca.crt")
        }
    }

    @Test func `a refused token is read again once`() async throws {
        try await withTemporaryDirectory { folder in
            try write("same-size-1", to: "\(folder)/token")
            let seen = Mutex<[String]>([])
            let error = try await withConfiguredClient { connection, _ in
                connection.credentials.token = .file("\(folder)/token")
            } _: { request, reply in
                seen.withLock { $0.append(request.headers["authorization"] ?? "") }
                try await reply.json(#"{"message": "Unauthorized", "code": 401}"#, status: "401 Unauthorized")
            } _: { client in
                try await failure { () async throws(KubernetesError) in try await client.get(Pod.self, Self.pod) }
            }
            #expect(error.code == .unauthorized)
            #expect(error.message == "Unauthorized (credentials: test)")
            #expect(seen.withLock(\.count) == 2)
        }
    }

    @Test func `a redirect is not followed, so the token stays with us`() async throws {
        let seen = Mutex<[String]>([])
        let error = try await withConfiguredClient { connection, _ in
            connection.credentials.token = .inline(Array("secret".utf8), field: "test")
        } _: { request, reply in
            seen.withLock { $0.append(request.path) }
            try await reply.json("", status: "307 Temporary Redirect", headers: ["Location: /elsewhere"])
        } _: { client in
            try await failure { () async throws(KubernetesError) in try await client.get(Pod.self, Self.pod) }
        }
        #expect(seen.withLock(\.self) == ["/api/v1/namespaces/default/pods/web"])
        #expect(error.message == "the server redirects to /elsewhere, which is not followed with credentials")
    }

    @Test func `client certificates prove who we are, and a stranger's authority is refused`() async throws {
        let now: Int64 = 1_795_000_000
        let authority = try CertificateAuthority(commonName: "test", now: now)
        let server = try authority.issue(CertificateRequest(commonName: "s", dnsNames: ["kube.test"]), now: now)
        let client = try authority.issue(CertificateRequest(commonName: "c", usage: .client), now: now)
        let stranger = try CertificateAuthority(commonName: "other", now: now)
        let context = try Self.serverContext(server, clientsOf: authority)
        try await ScriptedServer.run(prepare: { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }) { request, reply in
            #expect(request.headers["host"]?.hasPrefix("127.0.0.1:") == true)
            try await reply.json(Self.answer)
        } _: { port in
            var connection = ClusterConnection(server: "https://127.0.0.1:\(port)", origin: "test")
            connection.serverName = "kube.test"
            connection.certificateAuthority = .inline(Array(authority.certificate.utf8), field: "ca")
            connection.credentials.clientCertificate = .inline(Array(client.chain.utf8), field: "certificate")
            connection.credentials.clientKey = .inline(Array(client.key.text.utf8), field: "key")
            #expect(try await Self.get(connection).objectName == Self.pod)

            connection.serverName = "other.test"
            #expect(try await failureOfGet(connection).code == .transport)
            connection.serverName = "kube.test"
            connection.certificateAuthority = .inline(Array(stranger.certificate.utf8), field: "the stranger's ca")
            let error = try await failureOfGet(connection)
            #expect(error.message.contains("the stranger's ca"))
            connection.credentials.clientKey = .inline(Array(server.key.text.utf8), field: "another key")
            let mismatch = #expect(throws: KubernetesError.self) {
                try KubernetesClient(connection: connection, logger: quiet)
            }
            #expect(mismatch?.subject == "certificate and another key")
        }
    }

    private static func serverContext(
        _ certificate: IssuedCertificate, clientsOf authority: CertificateAuthority
    ) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.text.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(authority.certificate.utf8)))
        return try NIOSSLContext(configuration: configuration)
    }

    private static func get(_ connection: ClusterConnection) async throws -> Pod {
        let client = try KubernetesClient(connection: connection, logger: quiet)
        let result: Result<Pod, KubernetesError>
        do {
            result = .success(try await client.get(Pod.self, pod))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        return try result.get()
    }

    private func failureOfGet(_ connection: ClusterConnection) async throws -> KubernetesError {
        do {
            _ = try await Self.get(connection)
        } catch let error as KubernetesError {
            return error
        }
        throw Unexpected(what: "the server was trusted")
    }
}
