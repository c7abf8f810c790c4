import KubernetesClient
import TestSupport
import Testing

@Suite struct KubeconfigTests {
    static let basic = """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters:
        - name: local
          cluster: {server: "https://10.0.0.1:6443/prefix/", certificate-authority: pki/ca.crt, tls-server-name: kube}
        - name: open
          cluster: {server: "http://127.0.0.1:8001"}
        contexts:
        - {name: dev, context: {cluster: local, user: admin, namespace: shop}}
        - {name: other, context: {cluster: open, user: ci}}
        - {name: bare, context: {cluster: open}}
        - {name: lost, context: {cluster: nowhere, user: admin}}
        users:
        - {name: admin, user: {client-certificate: admin.crt, client-key: /keys/admin.key}}
        - {name: ci, user: {token: inline, tokenFile: tokens/ci, as: jane, as-groups: [dev, ops]}}
        """

    @Test func `paths are relative to the file, and the context decides`() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/config"
            try write(Self.basic, to: path)
            let dev = try ClusterConnection.kubeconfig(path: path, environment: [:])
            #expect(dev.server == "https://10.0.0.1:6443/prefix")
            #expect(dev.certificateAuthority == .file("\(folder)/pki/ca.crt"))
            #expect(dev.serverName == "kube")
            #expect(dev.namespace == "shop")
            #expect(dev.credentials.clientCertificate == .file("\(folder)/admin.crt"))
            #expect(dev.credentials.clientKey == .file("/keys/admin.key"))
            #expect(!dev.skipsCertificateCheck)

            let other = try ClusterConnection.kubeconfig(path: path, context: "other", environment: [:])
            #expect(other.namespace == "default")
            // The file goes before the token in place.
            #expect(other.credentials.token == .file("\(folder)/tokens/ci"))
            #expect(other.credentials.impersonation?.user == "jane")
            #expect(other.credentials.impersonation?.groups == ["dev", "ops"])

            let bare = try ClusterConnection.kubeconfig(path: path, context: "bare", environment: [:])
            #expect(bare.credentials.token == nil && bare.credentials.clientCertificate == nil)
        }
    }

    @Test func `data in place goes before files`() async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/config"
            try write(
                """
                current-context: a
                clusters: [{name: a, cluster: {server: "https://h", certificate-authority: x, \
                certificate-authority-data: Q0E=}}]
                contexts: [{name: a, context: {cluster: a, user: a}}]
                users: [{name: a, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ, username: u, \
                password: p}}]
                """, to: path)
            let connection = try ClusterConnection.kubeconfig(path: path, environment: [:])
            guard case .inline(let authority, let field) = connection.certificateAuthority else {
                throw Unexpected(what: "no data")
            }
            #expect(authority == Array("CA".utf8))
            #expect(field == "clusters[a].certificate-authority-data in \(path)")
            #expect(connection.credentials.username == "u")
            // Secrets do not print themselves.
            #expect(!"\(connection)".contains("KEY") && !String(reflecting: connection).contains("S0VZ"))
        }
    }

    @Test func `KUBECONFIG merges files, the first to name a thing wins, missing ones are passed over`() async throws {
        try await withTemporaryDirectory { folder in
            try write(
                """
                clusters: [{name: c, cluster: {server: "https://first"}}]
                users: [{name: u, user: {tokenFile: t}}]
                """, to: "\(folder)/one")
            try write(
                """
                current-context: x
                clusters: [{name: c, cluster: {server: "https://second"}}]
                contexts: [{name: x, context: {cluster: c, user: u}}]
                """, to: "\(folder)/two")
            try write("", to: "\(folder)/empty")
            let list = "\(folder)/none::\(folder)/empty:\(folder)/one:\(folder)/two"
            let connection = try ClusterConnection.kubeconfig(path: nil, environment: ["KUBECONFIG": list])
            #expect(connection.server == "https://first")
            #expect(connection.credentials.token == .file("\(folder)/t"))
        }
    }

    @Test func `an explicit file goes before KUBECONFIG, a pod's account before the home directory`() async throws {
        try await withTemporaryDirectory { folder in
            try write(Self.basic, to: "\(folder)/config")
            let environment = ["KUBECONFIG": "\(folder)/none", "HOME": folder, "KUBERNETES_SERVICE_HOST": "10.0.0.1"]
            let explicit = try ClusterConnection.automatic(kubeconfig: "\(folder)/config", environment: environment)
            #expect(explicit.origin == "context dev of \(folder)/config")
            #expect(throws: KubernetesError.self) {
                try ClusterConnection.automatic(kubeconfig: nil, environment: environment)
            }
            let pod = #expect(throws: KubernetesError.self) {
                try ClusterConnection.automatic(kubeconfig: nil, environment: ["KUBERNETES_SERVICE_HOST": "10.0.0.1"])
            }
            #expect(pod?.operation == "use the pod's service account")
        }
    }

    @Test(arguments: [
        ("current-context: dev", nil, "context dev does not exist; there are: none"),
        ("{}", nil, "no current-context; set one with kubectl config use-context, or name one"),
        (basic, "lost", "context lost names cluster \"nowhere\", which does not exist"),
        (basic, "nope", "context nope does not exist; there are: bare, dev, lost, other"),
        (
            cluster("server: ftp://h"), nil, "clusters[c].server must be an http or https URL"
        ),
        (
            cluster("server: https://h, proxy-url: http://p"), nil,
            "clusters[c].proxy-url is not supported; reach the API server directly"
        ),
        (
            cluster("server: https://h, certificate-authority: x, insecure-skip-tls-verify: true"), nil,
            "clusters[c] has both a certificate authority and insecure-skip-tls-verify; remove one"
        ),
        (
            cluster("server: https://h, certificate-authority-data: '!'"), nil,
            "clusters[c].certificate-authority-data is not base64"
        ),
        (user("client-certificate: x"), nil, "users[u] has only one of client-certificate and client-key"),
        (
            user("auth-provider: {name: gcp}"), nil,
            "users[u].auth-provider gcp left kubectl in 1.26; use an exec plugin"
        ),
        (
            user("exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}"), nil,
            "users[u].exec.apiVersion is \"client.authentication.k8s.io/v1alpha1\"; it must be "
                + "client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1"
        ),
        (
            user("exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}"), nil,
            "users[u].exec.interactiveMode is Always, but nobody is there to type; use a token"
        ),
        ("clusters: {a: b}", nil, "clusters: is not a list"),
        ("a: b: c", nil, "not YAML: mapping values are not allowed in this context in line 1"),
    ])
    func `what cannot be used is refused with the file and the field`(
        text: String, context: String?, message: String
    ) async throws {
        try await withTemporaryDirectory { folder in
            let path = "\(folder)/config"
            try write(text, to: path)
            let error = #expect(throws: KubernetesError.self) {
                try ClusterConnection.kubeconfig(path: path, context: context, environment: [:])
            }
            #expect(error?.code == .configuration)
            #expect(error?.message == message)
            #expect(error?.subject == path)
        }
    }

    static func cluster(_ fields: String) -> String {
        "{current-context: x, clusters: [{name: c, cluster: {\(fields)}}], contexts: [{name: x, context: {cluster: c}}]}"
    }

    static func user(_ fields: String) -> String {
        """
        {current-context: x, clusters: [{name: c, cluster: {server: 'https://h'}}], \
        contexts: [{name: x, context: {cluster: c, user: u}}], users: [{name: u, user: {\(fields)}}]}
        """
    }

    @Test func `a missing file is named`() {
        let error = #expect(throws: KubernetesError.self) {
            try ClusterConnection.kubeconfig(path: "/nowhere/config", environment: [:])
        }
        #expect(error?.description == "cannot read kubeconfig /nowhere/config: No such file or directory")
    }
}
