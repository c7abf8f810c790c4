import Foundation
import NetTypes

/// Looks whether ports are free, before Envoy is told to listen on them.
package enum Ports {
    /// Binds and lets go, without `SO_REUSEPORT`: so a port is found taken even if its owner would share it.
    package static func check(_ claims: [PortClaim]) throws(EnvoyProcessError) {
        for claim in claims {
            let code = bindError(claim)
            guard code != 0 else { continue }
            throw error(claim, code)
        }
    }

    private static func error(_ claim: PortClaim, _ code: Int32) -> EnvoyProcessError {
        let attempt = "cannot listen on \(SocketEndpoint(address: claim.address, port: claim.port))"
        switch code {
        case EADDRINUSE:
            let owner = PortOwner.find(claim.port).map { " (\($0))" } ?? ""
            return EnvoyProcessError(
                .portTaken, "\(attempt): another program\(owner) listens there; choose a free port with \(claim.flag)")
        case EACCES:
            return EnvoyProcessError(
                .portForbidden,
                "\(attempt): ports below net.ipv4.ip_unprivileged_port_start need root or CAP_NET_BIND_SERVICE; "
                    + "choose a higher port with \(claim.flag)")
        default:
            return EnvoyProcessError(
                .addressUnavailable,
                "\(attempt): \(String(cString: strerror(code))); is it an address of this machine? (\(claim.flag))")
        }
    }

    /// 0 when the port is free.
    private static func bindError(_ claim: PortClaim) -> Int32 {
        let family = claim.address.family == .v4 ? AF_INET : AF_INET6
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var on: Int32 = 1
        // Connections of an earlier run may still be in TIME_WAIT; they are no obstacle.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var storage = sockaddr_storage()
        let length = withUnsafeMutableBytes(of: &storage) { fill($0, claim) }
        let result = withUnsafeBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, length) }
        }
        guard result == 0 else { return errno }
        // Two may bind with SO_REUSEADDR as long as nobody listens.
        return listen(descriptor, 1) == 0 ? 0 : errno
    }

    private static func fill(_ storage: UnsafeMutableRawBufferPointer, _ claim: PortClaim) -> socklen_t {
        switch claim.address.family {
        case .v4:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = claim.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: claim.address.bytes) }
            withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
            return socklen_t(MemoryLayout<sockaddr_in>.size)
        case .v6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = claim.port.bigEndian
            withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: claim.address.bytes) }
            withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }
}

/// Finds the program behind a listening port in `/proc`: only own processes, unless we are root.
enum PortOwner {
    static func find(_ port: UInt16) -> String? {
        let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeningInodes(port, table: $0) })
        guard !inodes.isEmpty, let folders = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return nil  // No /proc: the port's number must do.
        }
        for pid in folders.compactMap({ Int32($0) }) where holds(pid, inodes) {
            // Gone in this moment: its number is still the answer.
            let name = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? ""
            return "\(name.trimmingCharacters(in: .whitespacesAndNewlines)), process \(pid)"
        }
        return nil
    }

    /// Socket inodes in state LISTEN (0A) on that local port, from the table's text (proc(5)).
    private static func listeningInodes(_ port: UInt16, table: String) -> [String] {
        guard let text = try? String(contentsOfFile: table, encoding: .utf8) else { return [] }  // No IPv6 here.
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let colon = fields[1].lastIndex(of: ":"),
                UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return String(fields[9])
        }
    }

    private static func holds(_ pid: Int32, _ inodes: Set<String>) -> Bool {
        // Another user's process: not for us to read.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") else { return false }
        return names.contains { name in
            // Closed since it was listed.
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
            else { return false }
            return target.hasPrefix("socket:[") && inodes.contains(String(target.dropFirst(8).dropLast()))
        }
    }
}
