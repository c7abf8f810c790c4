import Synchronization

/// Lets the holders of one key go one after another, in the order they came. Holders of different keys do not know of each other.
///
/// Used for attachments: a DEL that overtakes its ADD waits for it.
final class KeyedLocks<Key: Hashable & Sendable>: Sendable {
    /// A key is there while somebody holds it.
    private let waiting = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

    func withLock<Value, Failure: Error>(
        _ key: Key, _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await acquire(key)
        defer { release(key) }
        return try await body()
    }

    private func acquire(_ key: Key) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                if waiting[key] == nil {
                    waiting[key] = []
                    return true
                }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func release(_ key: Key) {
        let next = waiting.withLock { waiting -> CheckedContinuation<Void, Never>? in
            guard var queue = waiting[key], !queue.isEmpty else {
                waiting[key] = nil
                return nil
            }
            let first = queue.removeFirst()
            waiting[key] = queue
            return first
        }
        next?.resume()
    }
}

/// One at a time, in the order they came.
struct AsyncLock: Sendable {
    private let locks = KeyedLocks<Bool>()

    func withLock<Value, Failure: Error>(_ body: () async throws(Failure) -> Value) async throws(Failure) -> Value {
        try await locks.withLock(true, body)
    }
}
