import Synchronization

/// What a monitor gives.
package enum MonitorElement<Notice: Sendable>: Sendable {
    case notice(Notice)
    /// Notices were lost, in the kernel's buffer or in ours: read again whatever is watched.
    case resync
}

extension MonitorElement: Equatable where Notice: Equatable {}

/// Notices on their way from a monitor's thread to the one task that reads them. Bounded: where the reader is too slow, all that waits is
/// given up for one `resync`.
final class NoticeQueue<Notice: Sendable>: Sendable {
    typealias Element = MonitorElement<Notice>

    private struct State {
        var waiting: [Notice] = []
        var first = 0
        var isOverrun = false
        var isFinished = false
        var reader: CheckedContinuation<Element?, Never>?

        mutating func take() -> Element? {
            if isOverrun {
                isOverrun = false
                return .resync
            }
            guard first < waiting.count else { return nil }
            defer {
                first += 1
                if first == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    first = 0
                }
            }
            return .notice(waiting[first])
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    func add(_ notice: Notice) {
        change { state in
            guard !state.isOverrun else { return }
            if state.waiting.count - state.first >= capacity {
                state.waiting.removeAll()
                state.first = 0
                state.isOverrun = true
            } else {
                state.waiting.append(notice)
            }
        }
    }

    /// Something was lost: what waits is older than the loss, and the reader will look at everything anyway.
    func overrun() {
        change { state in
            state.waiting.removeAll()
            state.first = 0
            state.isOverrun = true
        }
    }

    func finish() {
        change { $0.isFinished = true }
    }

    /// One reader at a time; `nil` when finished or the task is cancelled.
    func next() async -> Element? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Element?? = state.withLock { state in
                    if let element = state.take() { return .some(element) }
                    if state.isFinished || Task.isCancelled { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let reader = state.withLock { state in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: nil)
        }
    }

    private func change(_ change: (inout State) -> Void) {
        let (reader, element) = state.withLock { state -> (CheckedContinuation<Element?, Never>?, Element?) in
            change(&state)
            guard let reader = state.reader else { return (nil, nil) }
            let element = state.take()
            guard element != nil || state.isFinished else { return (nil, nil) }
            state.reader = nil
            return (reader, element)
        }
        reader?.resume(returning: element)
    }
}
