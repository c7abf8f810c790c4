import Foundation

/// A process that cannot be mistaken for a later one with the same number.
struct ProcessIdentity: Codable, Hashable, Sendable {
    var pid: Int32
    /// Clock ticks after boot, field 22 of `/proc/<pid>/stat`.
    var startTicks: UInt64
    /// Tells boots apart, since ticks begin anew.
    var boot: String

    /// `nil` when no such process lives.
    init?(pid: Int32) {
        guard let ticks = Self.startTicks(of: pid),
            let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        else { return nil }  // Without /proc no process can be told from another: none is adopted.
        self.pid = pid
        startTicks = ticks
        self.boot = boot.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    var isAlive: Bool { ProcessIdentity(pid: pid) == self }

    func send(_ signal: Int32) {
        guard isAlive else { return }
        kill(pid, signal)
    }

    /// `nil` when it is gone, or a zombie that only waits to be counted.
    private static func startTicks(of pid: Int32) -> UInt64? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),  // Gone: not alive.
            let nameEnd = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }
}

/// What a supervisor writes down about its Envoy, for the one that comes after it.
struct ProcessRecord: Codable, Hashable, Sendable {
    var process: ProcessIdentity
    /// Of everything it was started with: an equal one may be kept.
    var fingerprint: String
    /// Names the instance's files.
    var instance: String
    var version: String

    static func read(at path: String) -> ProcessRecord? {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 16 else {
            return nil
        }
        // Not ours, or of another version: then there is nobody to adopt.
        return try? JSONDecoder().decode(ProcessRecord.self, from: data)
    }

    func write(to folder: RunFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try folder.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: folder.recordPath)
    }
}
