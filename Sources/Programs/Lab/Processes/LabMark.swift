import Foundation

/// What every process of one lab carries in its environment, so that all of them can be found again, those included that
/// were started a moment before `kill -9`.
package struct LabMark: Codable, Hashable, Sendable, CustomStringConvertible {
    static let variable = "FAIRWAY_LAB"

    let id: String

    init() { id = String(UInt64.random(in: .min ... .max), radix: 36) }

    package var description: String { id }

    /// Processes that carry the mark, and those that live in a network namespace of one that does (a pod's command may
    /// have cleared its environment). Never this process, nor another one of its namespace that is not marked.
    func processes() -> [Int32] {
        let all = Self.allProcesses()
        let marked = Set(all.filter { carries($0) && $0 != getpid() })
        let own = Self.namespace(of: getpid())
        let namespaces = Set(marked.compactMap { Self.namespace(of: $0) }).filter { $0 != own }
        let guests = all.filter { pid in
            pid != getpid() && (Self.namespace(of: pid).map { namespaces.contains($0) } ?? false)
        }
        return marked.union(guests).sorted()
    }

    /// Ends them all. Returns when they are gone, at the latest after `patience`; then those that are left.
    func sweep(patience: Duration = .seconds(5), except spared: Set<Int32> = []) -> [Int32] {
        let deadline = ContinuousClock.now + patience
        while true {
            let left = processes().filter { !spared.contains($0) }
            if left.isEmpty || .now > deadline { return left }
            for pid in left { kill(pid, SIGKILL) }
            // A killed process is gone within microseconds, unless the kernel is busy with its namespace.
            usleep(5000)
        }
    }

    private func carries(_ pid: Int32) -> Bool {
        // Gone, or somebody else's: not ours.
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/environ")) else { return false }
        let wanted = Array("\(Self.variable)=\(id)".utf8)
        return data.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }

    static func allProcesses() -> [Int32] {
        // Without /proc nothing can be found, and nothing could have been started.
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    /// `net:[4026531840]`; `nil` for a process that is gone or not ours to see.
    static func namespace(of pid: Int32, _ kind: String = "net") -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(kind)")
    }
}
