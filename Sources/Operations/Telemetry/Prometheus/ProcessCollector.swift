import Foundation

/// The `process_*` families that Prometheus' own client libraries export, read from `/proc`, and the build's name.
package enum ProcessCollector {
    /// Whatever of `/proc` cannot be read is left out of that scrape.
    package static func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: Double?) {
            guard let value else { return }
            families.append(MetricFamily(name: name, kind: kind, help: help, value: value))
        }
        let stat = ProcessStat.ofThisProcess()
        add("process_cpu_seconds_total", .counter, "CPU time spent, user and system, in seconds.", stat?.cpuSeconds)
        add("process_resident_memory_bytes", .gauge, "Resident memory in bytes.", stat?.residentBytes)
        add("process_virtual_memory_bytes", .gauge, "Virtual memory in bytes.", stat?.virtualBytes)
        add("process_start_time_seconds", .gauge, "Start, in seconds since 1970.", stat?.startTime)
        add("process_threads", .gauge, "Threads of the process.", stat?.threads)
        add("process_open_fds", .gauge, "Open file descriptors.", openDescriptors())
        add("process_max_fds", .gauge, "Most file descriptors allowed.", descriptorLimit())
        return families
    }

    /// `fairway_build_info`, always 1; what it says is in the labels.
    package static func buildInfo(version: String) -> MetricFamily {
        MetricFamily(
            name: "fairway_build_info", kind: .gauge, help: "Always 1; the labels tell the build.",
            samples: [
                .init(
                    labels: [MetricLabel("swift", swiftVersion), MetricLabel("version", version)], reading: .number(1))
            ])
    }

    private static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4+"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    private static func openDescriptors() -> Double? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // ".", ".." and the descriptor that reads the folder.
        return Double(max(0, count - 3))
    }

    private static func descriptorLimit() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }
}

/// What `/proc/<pid>/stat` says (proc(5)), in units people use.
struct ProcessStat: Equatable {
    var cpuSeconds: Double
    var virtualBytes: Double
    var residentBytes: Double
    var threads: Double
    /// Seconds since 1970.
    var startTime: Double

    static func ofThisProcess() -> ProcessStat? {
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let system = try? String(contentsOfFile: "/proc/stat", encoding: .utf8)
        else { return nil }  // No /proc, as in some sandboxes: no numbers.
        let bootTime = system.split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst("btime ".count)) }
        return ProcessStat(
            line: stat, bootTime: bootTime ?? 0, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageSize: Double(sysconf(Int32(_SC_PAGESIZE))))
    }

    init?(line: String, bootTime: Double, ticksPerSecond: Double, pageSize: Double) {
        // The program's name may hold spaces and parentheses; the last parenthesis ends it.
        guard let nameEnd = line.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = line[line.index(after: nameEnd)...].split(whereSeparator: \.isWhitespace).map { Double($0) }
        // proc(5) counts from 1 and has two fields before these.
        func field(_ number: Int) -> Double? { number - 3 < fields.count ? fields[number - 3] : nil }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let pages = field(24)
        else { return nil }
        cpuSeconds = (user + system) / ticksPerSecond
        virtualBytes = virtual
        residentBytes = pages * pageSize
        self.threads = threads
        startTime = bootTime + start / ticksPerSecond
    }
}
