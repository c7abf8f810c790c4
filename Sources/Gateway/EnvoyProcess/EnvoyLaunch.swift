import Foundation

/// Everything that an Envoy is started with.
struct EnvoyLaunch: Sendable {
    let binary: EnvoyBinary
    let folder: RunFolder
    let bootstrap: Bootstrap
    let flags: [String]
    /// Equal for two launches that make the same Envoy: same program, bootstrap and flags.
    let fingerprint: String
    /// Names this one's files. Not the fingerprint alone: an Envoy may have to be replaced by its like.
    var instance: String

    init(binary: EnvoyBinary, folder: RunFolder, configuration: EnvoyConfiguration, openFiles: UInt64) {
        self.binary = binary
        self.folder = folder
        bootstrap = Bootstrap(
            nodeID: configuration.nodeID, nodeCluster: configuration.nodeCluster, adminSocket: "",
            discoverySocket: folder.discoverySocket,
            maxConnections: ResourceLimits.connections(wanted: configuration.maxConnections, openFiles: openFiles),
            maxHeapBytes: configuration.maxHeapBytes ?? ResourceLimits.heapBytes(),
            staticResources: configuration.staticResources)
        flags = Self.flags(configuration)
        let everything = [binary.versionText, bootstrap.document] + flags
        fingerprint = Fingerprint(of: everything.joined(separator: "\n")).description
        instance = fingerprint
    }

    private static func flags(_ configuration: EnvoyConfiguration) -> [String] {
        var flags = [
            // Shared memory for hot restart would be of no use: replacing goes by two processes on one port.
            "--disable-hot-restart",
            "--log-level", "info",
            "--log-format", EnvoyLogLine.format,
            // One event, one line.
            "--log-format-escaped",
            "--skip-deprecated-logs",
            "--drain-time-s", "\(max(1, configuration.drainTime.components.seconds))",
            "--file-flush-interval-msec", "1000",
        ]
        if let concurrency = configuration.concurrency { flags += ["--concurrency", "\(concurrency)"] }
        return flags
    }

    var arguments: [String] { ["--config-path", folder.bootstrapPath(instance)] + flags }

    var admin: EnvoyAdmin { EnvoyAdmin(socketPath: folder.adminSocket(instance)) }

    /// The other name, for an instance that stands in for one of the same fingerprint.
    func besides(_ other: String) -> EnvoyLaunch {
        var launch = self
        launch.instance = other == fingerprint ? fingerprint + "b" : fingerprint
        return launch
    }

    func writeBootstrap() throws {
        var own = bootstrap
        own.adminSocket = folder.adminSocket(instance)
        try folder.write(own.document, to: folder.bootstrapPath(instance))
    }
}
