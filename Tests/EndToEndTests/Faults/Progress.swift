import Synchronization

/// What one task has done so far, for another that waits for it.
final class Progress: Sendable {
    private let written = Mutex<Set<String>>([])

    var names: Set<String> { written.withLock { $0 } }
    var count: Int { names.count }

    func wrote(_ names: [String]) { written.withLock { $0.formUnion(names) } }
}
