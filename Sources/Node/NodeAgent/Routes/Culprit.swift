import Foundation

/// Who asked the kernel for a change.
enum Culprit {
    /// The port of a netlink socket is by default the number of its process; that of a second socket is not. `nil` where that says nothing.
    static func describe(port: UInt32) -> String? {
        guard port != 0, let text = try? String(contentsOfFile: "/proc/\(port)/comm", encoding: .utf8) else {
            // No such process (any more): the number still helps to find it in an audit log.
            return port > 0 && port < 1 << 22 ? "process \(port)" : nil
        }
        return "\(text.split(separator: "\n").first ?? "?") (process \(port))"
    }
}
