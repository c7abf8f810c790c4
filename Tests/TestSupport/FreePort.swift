import Glibc
import Synchronization

/// A TCP port on 127.0.0.1 that nobody listened on a moment ago, given only once to this process.
///
/// It lies below those that the kernel hands out by itself (from 32768): else a test that stops its server to start it
/// again on the same port could find a stranger's connection there.
package func freePort() throws -> UInt16 {
    for _ in 0..<ports.count {
        let port = nextPort.withLock { next in
            defer { next = next == ports.upperBound ? ports.lowerBound : next + 1 }
            return next
        }
        if try isFree(port) { return port }
    }
    throw PortError(step: "find a free port", code: EADDRINUSE)
}

private let ports: ClosedRange<UInt16> = 12_000...31_999

/// Test processes that run at the same time begin far from each other.
private let nextPort = Mutex(ports.lowerBound + UInt16(truncatingIfNeeded: getpid()) &* 97 % UInt16(ports.count))

private func isFree(_ port: UInt16) throws -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw PortError(step: "socket", code: errno) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

package struct PortError: Error {
    package var step: String
    package var code: Int32
}
