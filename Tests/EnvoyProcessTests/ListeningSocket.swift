import Glibc
import TestSupport

/// Holds a TCP port of 127.0.0.1.
struct ListeningSocket {
    struct Failure: Error {
        var code: Int32
    }

    let port: UInt16
    private let descriptor: Int32

    init(port: UInt16) throws {
        self.port = port
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let descriptor = descriptor
        let result = Self.withLoopback(port) { bind(descriptor, $0, $1) }
        guard result == 0, listen(descriptor, 8) == 0 else { throw Failure(code: errno) }
    }

    func close() { Glibc.close(descriptor) }

    /// True when nobody listens there.
    static func isRefused(port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { Glibc.close(descriptor) }
        return withLoopback(port) { connect(descriptor, $0, $1) } == -1 && errno == ECONNREFUSED
    }

    private static func withLoopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
