import Glibc
package import NIOCore

/// The admin port could not be opened.
package struct AdminServerError: Error, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        case portInUse
        case permissionDenied
        case other
    }

    package var code: Code
    package var host: String
    package var port: UInt16
    package var portFlag: String
    package var cause: IOError

    init(configuration: AdminServer.Configuration, cause: IOError) {
        code =
            switch cause.errnoCode {
            case EADDRINUSE: .portInUse
            case EACCES: .permissionDenied
            default: .other
            }
        host = configuration.host
        port = configuration.port
        portFlag = configuration.portFlag
        self.cause = cause
    }

    package var description: String {
        let attempt = "cannot open the admin port \(host):\(port)"
        return switch code {
        case .portInUse: "\(attempt): another program listens there; choose a free port with \(portFlag)"
        case .permissionDenied: "\(attempt): not permitted; choose a port above 1023 with \(portFlag)"
        case .other: "\(attempt): \(cause); check the address, or choose a port with \(portFlag)"
        }
    }
}
