import FoundationEssentials
import KubernetesModel

extension MergedKubeconfig {
    func connection(context name: String?, environment: [String: String]) throws(KubernetesError) -> ClusterConnection {
        guard let name = name ?? currentContext, !name.isEmpty else {
            throw problem(source, "no current-context; set one with kubectl config use-context, or name one")
        }
        guard let context = contexts[name] else {
            throw problem(source, "context \(name) does not exist; there are: \(known(contexts.keys))")
        }
        let clusterName = context.value.cluster ?? ""
        guard let cluster = clusters[clusterName] else {
            throw problem(context.file, "context \(name) names cluster \"\(clusterName)\", which does not exist")
        }
        var connection = try self.cluster(clusterName, cluster)
        connection.origin = "context \(name) of \(context.file)"
        if let namespace = context.value.namespace, !namespace.isEmpty { connection.namespace = namespace }
        if let userName = context.value.user, !userName.isEmpty {
            guard let user = users[userName] else {
                throw problem(context.file, "context \(name) names user \(userName), which does not exist")
            }
            connection.credentials = try credentials(userName, user, cluster: connection, environment: environment)
        }
        return connection
    }

    private func cluster(
        _ name: String, _ entry: Entry<KubeconfigFile.Cluster>
    ) throws(KubernetesError) -> ClusterConnection {
        let field = "clusters[\(name)]"
        guard var server = entry.value.server, server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw problem(entry.file, "\(field).server must be an http or https URL")
        }
        if let proxy = entry.value.proxyURL, !proxy.isEmpty {
            throw problem(entry.file, "\(field).proxy-url is not supported; reach the API server directly")
        }
        while server.hasSuffix("/") { server.removeLast() }
        var connection = ClusterConnection(server: server, origin: entry.file)
        connection.serverName = entry.value.tlsServerName
        connection.skipsCertificateCheck = entry.value.insecureSkipTLSVerify ?? false
        connection.certificateAuthority = try material(
            data: entry.value.certificateAuthorityData, path: entry.value.certificateAuthority,
            field: "\(field).certificate-authority", file: entry.file)
        if connection.skipsCertificateCheck, connection.certificateAuthority != nil {
            throw problem(
                entry.file, "\(field) has both a certificate authority and insecure-skip-tls-verify; remove one")
        }
        return connection
    }

    private func credentials(
        _ name: String, _ entry: Entry<KubeconfigFile.User>, cluster: ClusterConnection, environment: [String: String]
    ) throws(KubernetesError) -> ClusterConnection.Credentials {
        let user = entry.value
        let field = "users[\(name)]"
        if let provider = user.authProvider {
            throw problem(
                entry.file, "\(field).auth-provider \(provider.name ?? "") left kubectl in 1.26; use an exec plugin")
        }
        var credentials = ClusterConnection.Credentials()
        credentials.clientCertificate = try material(
            data: user.clientCertificateData, path: user.clientCertificate, field: "\(field).client-certificate",
            file: entry.file)
        credentials.clientKey = try material(
            data: user.clientKeyData, path: user.clientKey, field: "\(field).client-key", file: entry.file)
        if (credentials.clientCertificate == nil) != (credentials.clientKey == nil) {
            throw problem(entry.file, "\(field) has only one of client-certificate and client-key")
        }
        // A token file goes before a token, as in client-go: the file is what gets rotated.
        if let path = user.tokenFile, !path.isEmpty {
            credentials.token = .file(absolute(path, entry.file))
        } else if let token = user.token, !token.isEmpty {
            credentials.token = .inline(Array(token.utf8), field: "\(field).token in \(entry.file)")
        }
        if let username = user.username, !username.isEmpty {
            credentials.username = username
            credentials.password = .inline(
                Array((user.password ?? "").utf8), field: "\(field).password in \(entry.file)")
        }
        if let user = user.asUser, !user.isEmpty {
            credentials.impersonation = .init(user: user, uid: entry.value.asUID, groups: entry.value.asGroups ?? [])
        }
        if let exec = user.exec {
            credentials.exec = try plugin(exec, field, entry.file, cluster: cluster, environment: environment)
        }
        return credentials
    }

    private func plugin(
        _ exec: KubeconfigFile.Exec, _ field: String, _ file: String, cluster: ClusterConnection,
        environment: [String: String]
    ) throws(KubernetesError) -> ExecPlugin {
        guard let command = exec.command, !command.isEmpty else {
            throw problem(file, "\(field).exec.command is empty")
        }
        let version = exec.apiVersion ?? ""
        guard let apiVersion = ExecPlugin.APIVersion(rawValue: version) else {
            let known = ExecPlugin.APIVersion.allCases.map(\.rawValue).joined(separator: " or ")
            throw problem(file, "\(field).exec.apiVersion is \"\(version)\"; it must be \(known)")
        }
        if exec.interactiveMode == "Always" {
            throw problem(file, "\(field).exec.interactiveMode is Always, but nobody is there to type; use a token")
        }
        var plugin = ExecPlugin(
            command: command.contains("/") ? absolute(command, file) : command, apiVersion: apiVersion,
            origin: "\(field).exec in \(file)")
        plugin.arguments = exec.args ?? []
        plugin.environment = environment.merging(
            (exec.env ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { _, new in new })
        plugin.installHint = exec.installHint
        if exec.provideClusterInfo ?? false { plugin.clusterInfo = try clusterInfo(cluster) }
        return plugin
    }

    private func clusterInfo(_ cluster: ClusterConnection) throws(KubernetesError) -> JSONValue {
        var info: JSONValue = ["server": .string(cluster.server)]
        if let name = cluster.serverName { info["tls-server-name"] = .string(name) }
        if cluster.skipsCertificateCheck { info["insecure-skip-tls-verify"] = true }
        if let authority = cluster.certificateAuthority {
            info["certificate-authority-data"] = .string(Data(try authority.read()).base64EncodedString())
        }
        return info
    }

    /// Data in place goes before a path, as in client-go.
    private func material(
        data: String?, path: String?, field: String, file: String
    ) throws(KubernetesError) -> ClusterConnection.Material? {
        if let data, !data.isEmpty {
            guard let bytes = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !bytes.isEmpty else {
                throw problem(file, "\(field)-data is not base64")
            }
            return .inline(Array(bytes), field: "\(field)-data in \(file)")
        }
        guard let path, !path.isEmpty else { return nil }
        return .file(absolute(path, file))
    }

    private func absolute(_ path: String, _ file: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private func known(_ names: some Sequence<String>) -> String {
        let names = names.sorted()
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    private func problem(_ file: String, _ message: String) -> KubernetesError {
        KubernetesError(.configuration, operation: "use kubeconfig", subject: file, message: message)
    }
}

extension ClusterConnection.Material {
    func read() throws(KubernetesError) -> [UInt8] {
        switch self {
        case .inline(let bytes, _):
            return bytes
        case .file(let path):
            do {
                return try BoundedFile.read(path)
            } catch {
                throw KubernetesError(
                    .credentials, operation: "read credentials", subject: path, message: error.reason, cause: error)
            }
        }
    }
}
