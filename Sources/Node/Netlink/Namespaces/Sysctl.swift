import CLinux
import Glibc

/// Kernel settings below `/proc/sys`, of the calling thread's network namespace (see `NetworkNamespace.run`).
package enum Sysctl {
    /// - Parameter key: a path, as in `net/ipv4/conf/eth0.100/rp_filter`: interface names may hold dots.
    package static func read(_ key: String) throws(KernelError) -> String {
        let file = try checked(clinux_open("/proc/sys/\(key)", O_RDONLY, 0), "read the setting \(key)")
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw KernelError("read the setting \(key)", code: errno) }
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: line, as: UTF8.self)
    }

    package static func write(_ value: String, to key: String) throws(KernelError) {
        let operation = "set \(key) to \(value)"
        let file = try checked(clinux_open("/proc/sys/\(key)", O_WRONLY, 0), operation)
        defer { close(file) }
        let bytes = Array(value.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw KernelError(operation, code: errno) }
    }

    /// Writes where the value differs. A read-only `/proc/sys` (a container's) that already says so is no failure.
    /// - Returns: whether it had to be changed.
    @discardableResult
    package static func ensure(_ value: String, at key: String) throws(KernelError) -> Bool {
        guard try read(key) != value else { return false }
        try write(value, to: key)
        return true
    }
}
