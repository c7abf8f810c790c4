package import NetTypes

/// How a local Envoy is found, set up and stopped.
package struct EnvoyConfiguration: Sendable {
    /// Where the bootstrap file, the sockets and the process record lie. One supervisor a folder.
    package var dataDirectory: String
    /// What `--envoy` says; `nil` searches, see `EnvoyBinary`.
    package var binaryPath: String?
    package var nodeID: String
    package var nodeCluster: String
    /// Worker threads; `nil` is one per CPU, Envoy's own default.
    package var concurrency: Int?
    /// Client connections over all listeners; beyond it new ones are refused. Lowered to what file descriptors allow.
    package var maxConnections: Int
    /// Heap at which Envoy sheds load; `nil` is half of the memory this process may use.
    package var maxHeapBytes: UInt64?
    /// How long connections of a removed listener or certificate live on.
    package var drainTime: Duration
    /// On stop, how long new connections are still accepted, for load balancers to look elsewhere.
    package var acceptWhileStopping: Duration
    /// On stop, the longest wait for requests in flight.
    package var stopTimeout: Duration
    /// Ports that Envoy will listen on, looked at before the first start, so that a taken one is said plainly.
    package var ports: [PortClaim]

    /// For tests that have no discovery server: resources in the bootstrap instead of ADS.
    var staticResources: JSONText?

    package init(
        dataDirectory: String, binaryPath: String? = nil, nodeID: String = "fairway-local",
        nodeCluster: String = "fairway", concurrency: Int? = nil, maxConnections: Int = 50_000,
        maxHeapBytes: UInt64? = nil, drainTime: Duration = .seconds(600), acceptWhileStopping: Duration = .zero,
        stopTimeout: Duration = .seconds(30), ports: [PortClaim] = []
    ) {
        self.dataDirectory = dataDirectory
        self.binaryPath = binaryPath
        self.nodeID = nodeID
        self.nodeCluster = nodeCluster
        self.concurrency = concurrency
        self.maxConnections = maxConnections
        self.maxHeapBytes = maxHeapBytes
        self.drainTime = drainTime
        self.acceptWhileStopping = acceptWhileStopping
        self.stopTimeout = stopTimeout
        self.ports = ports
    }
}

/// A port somebody asked for, and the flag they asked with.
package struct PortClaim: Hashable, Sendable {
    package var address: IPAddress
    package var port: UInt16
    package var flag: String

    package init(address: IPAddress, port: UInt16, flag: String) {
        self.address = address
        self.port = port
        self.flag = flag
    }
}
