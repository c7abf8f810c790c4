import NIOCore

/// Who waits for which answer: Redis answers in the order it is asked. A value without a clock or a socket; continuations
/// are the caller's.
struct PendingReplies<Waiter> {
    struct Entry {
        /// `nil`: the answer interests nobody.
        var waiter: Waiter?
        var deadline: NIODeadline
    }

    private var entries = CircularBuffer<Entry>()

    var count: Int { entries.count }

    /// The oldest command's; all have the same timeout, so no other is earlier.
    var deadline: NIODeadline? { entries.first?.deadline }

    mutating func sent(_ waiter: Waiter?, deadline: NIODeadline) {
        entries.append(Entry(waiter: waiter, deadline: deadline))
    }

    /// `.some(nil)`: an answer that nobody wants; `nil`: one that nobody asked for.
    mutating func received() -> Waiter?? { entries.popFirst().map(\.waiter) }

    mutating func closed() -> [Waiter] {
        defer { entries.removeAll() }
        return entries.compactMap(\.waiter)
    }
}
