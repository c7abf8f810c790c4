import Foundation

struct Samples {
    private var nanoseconds: [Int64] = []

    mutating func add(_ value: Int64) { nanoseconds.append(value) }
    mutating func add(_ others: Samples) { nanoseconds += others.nanoseconds }

    func percentile(_ percent: Int) -> Int64 {
        let sorted = nanoseconds.sorted()
        return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }

    static func rate(_ count: Int, nanoseconds: Int64) -> Int {
        Int(Double(count) * 1e9 / Double(max(nanoseconds, 1)))
    }
}

/// Of this process, user and system: says the same whoever else uses the machine.
enum CPUTime {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

enum ResidentMemory {
    static func bytes() -> Int {
        // Where it cannot be read, the table says 0.
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }
}
