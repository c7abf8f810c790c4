import Glibc
import Hummingbird
import HummingbirdTLS
import KubernetesModel
package import Logging
import NIOCore
import NIOSSL
import NetTypes
import ServiceLifecycle
package import TLSMaterial

/// A Kubernetes API server for laptops, development and tests. It keeps objects, and runs the few controllers without
/// which they would mean nothing (namespaces, owner references, definitions, Service addresses, EndpointSlices). It has
/// no kubelet, no scheduler and no RBAC.
package final class LocalCluster: ServiceLifecycle.Service {
    package let configuration: LocalClusterConfiguration
    let host: ClusterHost
    private let identity: ClusterIdentity
    private let logger: Logger
    private let readiness = Readiness<UInt16>()

    /// Reads or makes what is stored. Nothing listens before `run`.
    package init(configuration: LocalClusterConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let services = try configuration.serviceAllocation()
        let storage: SQLiteStorage?
        if let directory = configuration.dataDirectory {
            try PrivateFile.makeDirectory(directory)
            storage = try SQLiteStorage(directory: directory)
        } else {
            storage = nil
        }
        identity = try ClusterIdentity(directory: configuration.dataDirectory, now: .now)
        let limit = configuration.historyLimit
        func empty(_ revision: UInt64) -> ClusterState {
            ClusterState(store: ObjectStore(revision: revision, historyLimit: limit), services: services)
        }
        let stored = try storage?.load(into: empty)
        host = ClusterHost(state: stored ?? empty(1), storage: storage, logger: logger)
        try host.makeStandardNamespaces()
        if configuration.definesPolicies { try host.definePolicies() }
    }

    // MARK: - Running

    /// Serves until cancelled or gracefully shut down.
    package func run() async throws {
        do {
            try await serve()
            readiness.settle(.failure(LocalClusterError.stopped))
        } catch {
            let reported = listenFailure(error)
            readiness.settle(.failure(reported))
            throw reported
        }
    }

    private func serve() async throws {
        let certificate = try identity.serverCertificate(bind: configuration.bind, now: .now)
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8)).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.text.utf8), format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        var quiet = logger
        // The server framework's own lines are of interest only when something is wrong.
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: APIResponder(host: host, token: identity.token, logger: logger),
            server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: .init(
                address: .hostname(configuration.bind.description, port: Int(configuration.port)), backlog: 1024),
            onServerRunning: { [readiness] channel in
                let port = channel.localAddress?.port.flatMap { UInt16(exactly: $0) }
                readiness.settle(port.map { .success($0) } ?? .failure(LocalClusterError.stopped))
            },
            logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { [self] in try await tickUntilShutdown() }
            group.addTask { [self] in try await bookmarkUntilShutdown() }
            // The server is the first to end, unless one of the others fails.
            try await group.next()
            try await group.waitForAll()
        }
    }

    /// Ends what has expired, and the watches when the server is to stop: they would hold it up otherwise.
    private func tickUntilShutdown() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: .seconds(1))
                self.host.tick()
            }
        }
        host.endAllWatches()
    }

    private func bookmarkUntilShutdown() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: self.configuration.bookmarkInterval)
                self.host.sendBookmarks()
            }
        }
    }

    private func listenFailure(_ error: any Error) -> any Error {
        guard let failure = error as? IOError else { return error }
        if failure.errnoCode == EADDRINUSE {
            return LocalClusterError.portInUse(address: configuration.bind, port: configuration.port)
        }
        return LocalClusterError.cannotListen(
            address: configuration.bind, port: configuration.port, reason: "\(failure)")
    }

    // MARK: - Reaching it

    /// The port, as soon as the server listens; throws what kept it from listening.
    package var whenReady: UInt16 {
        get async throws { try await readiness.value }
    }

    /// `https://127.0.0.1:7443`. Port 0 until the server listens.
    package var address: String {
        let port = readiness.current ?? configuration.port
        let host = configuration.bind.isUnspecified ? IPAddress.v4(127, 0, 0, 1) : configuration.bind
        return host.family == .v6 ? "https://[\(host)]:\(port)" : "https://\(host):\(port)"
    }

    /// The authority to trust, PEM.
    package var authorityCertificate: String { identity.authority.certificate }
    /// A certificate of this cluster's authority, for other servers on this machine.
    package func issueCertificate(_ request: CertificateRequest) throws -> IssuedCertificate {
        try identity.authority.issue(request, now: Timestamp.now.secondsSinceEpoch)
    }

    /// Not to be logged.
    package var token: String { identity.token.secret }

    /// A kubeconfig with this cluster as its current context; complete once the server listens.
    package func kubeconfigYAML() -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: fairway
        clusters:
        - name: fairway
          cluster:
            server: \(address)
            certificate-authority-data: \(Base64.encoded(Array(authorityCertificate.utf8)))
        users:
        - name: fairway
          user:
            token: \(token)
        contexts:
        - name: fairway
          context:
            cluster: fairway
            user: fairway
            namespace: default

        """
    }

    /// Writes the kubeconfig for its owner alone.
    package func writeKubeconfig(to path: String) throws(LocalClusterError) {
        try PrivateFile.write(kubeconfigYAML(), to: path)
    }
}

extension ClusterHost {
    /// The namespaces that every cluster has.
    func makeStandardNamespaces() throws(APIFailure) {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let isThere = read { $0.store[Keys.namespaces, ObjectName(name: name)] != nil }
            if isThere { continue }
            let options = WriteOptions(manager: "fairway-local", now: now)
            _ = try write { state throws(APIFailure) in
                guard let resource = state.registry[key: Keys.namespaces] else {
                    throw .internalError("namespaces are not served")
                }
                return try state.create(
                    resource, namespace: "", body: ["metadata": ["name": .string(name)]], options: options)
            }
        }
    }
}

/// Runs a local cluster for the time of `body`, and stops it.
package func withLocalCluster<Answer: Sendable>(
    _ configuration: LocalClusterConfiguration = LocalClusterConfiguration(),
    logger: Logger = Logger(label: "local-cluster"), _ body: (LocalCluster) async throws -> Answer
) async throws -> Answer {
    let cluster = try LocalCluster(configuration: configuration, logger: logger)
    var configuration = ServiceGroupConfiguration(
        services: [.init(service: cluster, successTerminationBehavior: .gracefullyShutdownGroup)], logger: logger)
    // A client that holds on to its connection does not hold up the end.
    configuration.maximumGracefulShutdownDuration = .seconds(2)
    let services = ServiceGroup(configuration: configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        let answer: Result<Answer, any Error>
        do {
            _ = try await cluster.whenReady
            answer = .success(try await body(cluster))
        } catch {
            answer = .failure(error)
        }
        await services.triggerGracefulShutdown()
        // What went wrong was thrown by `body` or `whenReady`; how the services end says nothing new.
        while let result = await group.nextResult() { _ = result }
        return try answer.get()
    }
}
