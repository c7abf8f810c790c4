import Foundation

/// A process that cannot be mistaken for a later one with the same number.
package struct ProcessIdentity: Codable, Hashable, Sendable {
    package var pid: Int32
    /// Clock ticks after boot, field 22 of `/proc/<pid>/stat`.
    var startTicks: UInt64

    /// `nil` when no such process lives.
    init?(pid: Int32) {
        // Gone: not alive.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let nameEnd = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let ticks = UInt64(fields[19]) else { return nil }
        self.pid = pid
        startTicks = ticks
    }

    package var isAlive: Bool { ProcessIdentity(pid: pid) == self }
}
