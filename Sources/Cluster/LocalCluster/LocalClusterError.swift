package import NetTypes

/// Why a local cluster cannot run.
package enum LocalClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    case portInUse(address: IPAddress, port: UInt16)
    case cannotListen(address: IPAddress, port: UInt16, reason: String)
    case unreadable(file: String, reason: String)
    case unwritable(file: String, reason: String)
    case noServiceRange(String)
    case stopped

    package var description: String {
        switch self {
        case .portInUse(let address, let port):
            "cannot serve the Kubernetes API on \(address) port \(port): another program is listening there"
        case .cannotListen(let address, let port, let reason):
            "cannot serve the Kubernetes API on \(address) port \(port): \(reason)"
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .unwritable(let file, let reason): "cannot write \(file): \(reason)"
        case .noServiceRange(let text): "\(text) is no range of addresses for Services, such as 10.96.0.0/16"
        case .stopped: "the local cluster was stopped before it was ready"
        }
    }
}
