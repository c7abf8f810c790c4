package import KubernetesModel

/// An object whose status is ours to write.
package struct StatusTarget: Hashable, Sendable, CustomStringConvertible {
    package var kind: ResourceKind
    package var name: ObjectName

    package init(kind: ResourceKind, name: ObjectName) {
        self.kind = kind
        self.name = name
    }

    package var description: String { "\(kind) \(name)" }
}

/// Which status to write next, decided without clock or I/O: the newest wish of each object, once at a time, not more
/// often than `interval`, and nothing that equals what was written before.
package struct StatusQueue: Sendable {
    package enum Action: Equatable, Sendable {
        case write(StatusTarget, JSONValue)
        /// Nothing is due for so long; `nil` until something is put or finished.
        case wait(Duration?)
    }

    private struct Entry {
        var wanted: JSONValue?
        var written: JSONValue?
        var isUnderWay = false
        var backoff: Backoff
        var notBefore: Duration = .zero
    }

    private let interval: Duration
    private let backoff: Backoff
    private var entries: [StatusTarget: Entry] = [:]
    /// Targets with a wish, oldest first.
    private var queue: [StatusTarget] = []

    package init(interval: Duration = .seconds(1), backoff: Backoff = Backoff()) {
        self.interval = interval
        self.backoff = backoff
    }

    /// Takes the place of an earlier wish that was not yet written.
    package mutating func put(_ target: StatusTarget, _ body: JSONValue) {
        var entry = entries[target] ?? Entry(backoff: backoff)
        let isKnown = entry.wanted != nil
        // While a write is under way nobody knows what the server will hold.
        let stands = entry.written == body && !entry.isUnderWay
        // `.none`, since `nil` alone would be JSON's null.
        entry.wanted = stands ? .none : .some(body)
        entries[target] = entry
        if stands {
            queue.removeAll { $0 == target }
        } else if !isKnown {
            queue.append(target)
        }
    }

    /// The object is gone.
    package mutating func forget(_ target: StatusTarget) {
        entries[target] = nil
        queue.removeAll { $0 == target }
    }

    /// Another writes now; what was written is no longer known to stand.
    package mutating func forgetAll() {
        entries = [:]
        queue = []
    }

    package mutating func next(now: Duration) -> Action {
        var earliest: Duration?
        for (index, target) in queue.enumerated() {
            guard var entry = entries[target], let body = entry.wanted, !entry.isUnderWay else { continue }
            if entry.notBefore > now {
                earliest = min(earliest ?? entry.notBefore, entry.notBefore)
                continue
            }
            queue.remove(at: index)
            entry.wanted = .none
            entry.isUnderWay = true
            entry.notBefore = now + interval
            entries[target] = entry
            return .write(target, body)
        }
        return .wait(earliest.map { $0 - now })
    }

    package mutating func wrote(_ target: StatusTarget, _ body: JSONValue) {
        entries[target]?.isUnderWay = false
        entries[target]?.written = body
        entries[target]?.backoff.succeeded()
        if entries[target]?.wanted == body {
            entries[target]?.wanted = .none
            queue.removeAll { $0 == target }
        }
    }

    /// Again later, unless there is a newer wish by then.
    package mutating func failed(
        _ target: StatusTarget, _ body: JSONValue, retryAfter: Duration?, spread: Double, now: Duration
    ) {
        guard var entry = entries[target] else { return }
        entry.isUnderWay = false
        entry.written = .none
        entry.notBefore = now + entry.backoff.failed(spread: spread, retryAfter: retryAfter)
        if entry.wanted == nil {
            entry.wanted = body
            queue.append(target)
        }
        entries[target] = entry
    }
}
