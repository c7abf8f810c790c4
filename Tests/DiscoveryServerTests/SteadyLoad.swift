import Synchronization

/// Requests one after another from a few clients, for as long as a test changes things.
final class SteadyLoad: Sendable {
    private struct Record {
        var requests = 0
        var failures: [String] = []
        var isOver = false
    }

    private let record = Mutex(Record())

    var failures: [String] { record.withLock(\.failures) }
    var requests: Int { record.withLock(\.requests) }

    func during(
        clients: Int = 4, request: @escaping @Sendable () async -> (status: UInt, body: String),
        _ changes: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask { [self] in
                    while !record.withLock(\.isOver) { note(await request()) }
                }
            }
            defer { record.withLock { $0.isOver = true } }
            try await changes()
        }
    }

    private func note(_ answer: (status: UInt, body: String)) {
        record.withLock { record in
            record.requests += 1
            if answer.status != 200 { record.failures.append("\(answer.status) \(answer.body)") }
        }
    }
}
