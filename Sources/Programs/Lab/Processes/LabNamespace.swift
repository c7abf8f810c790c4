import Foundation

/// A network namespace, held by a process that does nothing else. No file is mounted for it, so it goes with its
/// processes, and works where mounting is not allowed.
package struct LabNamespace: Codable, Hashable, Sendable {
    package let pid: Int32

    package var path: String { "/proc/\(pid)/ns/net" }

    /// Makes one for the time of `body`.
    static func with<Answer: Sendable>(
        mark: LabMark, _ body: @escaping @Sendable (LabNamespace) async throws -> Answer
    ) async throws -> Answer {
        let holder = LabCommand("sleep", ["infinity"], place: .newNamespace, mark: mark)
        let (pids, started) = AsyncStream<Int32>.makeStream()
        return try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask {
                defer { started.finish() }
                let code = try await holder.run(log: "/dev/null") { started.yield($0) }
                try Task.checkCancellation()
                throw LabError("the process that held a network namespace ended with \(code)")
            }
            group.addTask {
                guard let pid = await pids.first(where: { _ in true }) else { throw CancellationError() }
                return try await body(LabNamespace(pid: pid))
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let next { return next }
            }
            throw CancellationError()
        }
    }
}

extension LabNamespace {
    /// As the loopback plugin does for every pod.
    func bringUpLoopback(mark: LabMark) async throws {
        let outcome = try await LabCommand("ip", ["link", "set", "lo", "up"], in: self, mark: mark).collect()
        guard outcome.isSuccess else { throw LabError("cannot bring up lo: \(outcome.errors)") }
    }
}

/// Why a lab could not be made, or a question to it not answered. One line.
package struct LabError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
