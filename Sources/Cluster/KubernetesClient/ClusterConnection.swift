/// Where an API server is, how its certificate is checked, and who we are to it. Holds no open file or socket.
package struct ClusterConnection: Sendable {
    /// Scheme, host, port and an optional path prefix, without a slash at the end.
    package var server: String
    /// The certificate authorities to trust; `nil` means the system's.
    package var certificateAuthority: Material?
    /// The name in the server's certificate, where it differs from the URL's host.
    package var serverName: String?
    /// Only ever `true` when the user wrote `insecure-skip-tls-verify: true`.
    package var skipsCertificateCheck = false
    package var credentials: Credentials
    /// The namespace for requests that name none.
    package var namespace: String
    /// For messages: which file and context this came from.
    package var origin: String

    package init(
        server: String, certificateAuthority: Material? = nil, serverName: String? = nil,
        credentials: Credentials = Credentials(), namespace: String = "default", origin: String
    ) {
        self.server = server
        self.certificateAuthority = certificateAuthority
        self.serverName = serverName
        self.credentials = credentials
        self.namespace = namespace
        self.origin = origin
    }

    /// Bytes given in place, or a file that is read again when it changes. Never prints its content.
    package enum Material: Hashable, Sendable, CustomStringConvertible {
        case file(String)
        /// `field` is for messages: `users[admin].client-key-data in /home/me/.kube/config`.
        case inline([UInt8], field: String)

        package var description: String {
            switch self {
            case .file(let path): path
            case .inline(_, let field): field
            }
        }
    }

    package struct Credentials: Sendable {
        package var token: Material?
        package var username: String?
        package var password: Material?
        package var clientCertificate: Material?
        package var clientKey: Material?
        package var exec: ExecPlugin?
        package var impersonation: Impersonation?

        package init() {}
    }

    /// `as`, `as-uid`, `as-groups` of a kubeconfig user.
    package struct Impersonation: Hashable, Sendable {
        package var user: String
        package var uid: String?
        package var groups: [String]
    }
}

extension ClusterConnection {
    /// A service account's mount in a pod.
    package static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// From a pod's environment and service account mount. The token and the CA file are followed when rotated.
    package static func inCluster(
        environment: [String: String], directory: String = serviceAccountDirectory
    ) throws(KubernetesError) -> ClusterConnection {
        let operation = "use the pod's service account"
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
        else {
            throw KubernetesError(
                .configuration, operation: operation, subject: "environment",
                message: "KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set: this is no pod")
        }
        for file in ["token", "ca.crt"] {
            do {
                _ = try BoundedFile.read("\(directory)/\(file)")
            } catch {
                throw KubernetesError(
                    .credentials, operation: operation, subject: error.path, message: error.reason, cause: error)
            }
        }
        var credentials = Credentials()
        credentials.token = .file("\(directory)/token")
        // Absent in some set-ups, and only a default.
        let namespace = try? BoundedFile.read("\(directory)/namespace")
        return ClusterConnection(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            certificateAuthority: .file("\(directory)/ca.crt"), credentials: credentials,
            namespace: namespace.map { $0.trimmedText } ?? "default", origin: "service account in \(directory)")
    }

    /// The first that applies: the given file, `KUBECONFIG`, the pod's service account, `~/.kube/config`.
    package static func automatic(
        kubeconfig: String?, context: String? = nil, environment: [String: String]
    ) throws(KubernetesError) -> ClusterConnection {
        let isExplicit = kubeconfig != nil || !(environment["KUBECONFIG"] ?? "").isEmpty
        if !isExplicit, environment["KUBERNETES_SERVICE_HOST"] != nil {
            return try inCluster(environment: environment)
        }
        return try ClusterConnection.kubeconfig(path: kubeconfig, context: context, environment: environment)
    }
}

extension [UInt8] {
    /// As text without the white space around it, which editors and `echo` leave in token files.
    var trimmedText: String {
        let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        let tail = drop(while: isBlank)
        let end = tail.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? tail.startIndex
        return String(decoding: tail[..<end], as: UTF8.self)
    }
}
