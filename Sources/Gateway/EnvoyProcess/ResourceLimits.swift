import Foundation

/// What this machine and this process's limits leave for Envoy.
enum ResourceLimits {
    /// Raises the soft limit of open files to the hard one, for us and so for our children, and tells the result.
    ///
    /// The soft limit is low (often 1,024) for the sake of programs that use `select`; neither Envoy nor we do.
    static func raiseOpenFiles() -> UInt64 {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(kind, &raised) == 0 { return UInt64(raised.rlim_cur) }
        }
        return UInt64(limit.rlim_cur)
    }

    /// Each client connection needs a descriptor, and one more towards a backend; some are for Envoy itself.
    static func connections(wanted: Int, openFiles: UInt64) -> Int {
        let possible = openFiles > 512 ? (openFiles - 256) / 2 : openFiles / 4
        return max(16, min(wanted, Int(clamping: possible)))
    }

    /// Half of the machine's memory, or of the control group's limit when that is lower; at least 256 MiB.
    static func heapBytes(
        meminfo: String? = contents("/proc/meminfo"), groupLimit: String? = contents("/sys/fs/cgroup/memory.max")
    ) -> UInt64 {
        let total = (meminfo ?? "").split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
            .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { UInt64($0) }.map { $0 << 10 }
        // "max" is no number: no limit.
        let limit = (groupLimit?.split(whereSeparator: \.isWhitespace).first).flatMap { UInt64($0) }
        let available = min(total ?? 2 << 30, limit ?? .max)
        return max(256 << 20, available / 2)
    }

    /// `nil` when the file is not there, as on machines without control groups.
    private static func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
