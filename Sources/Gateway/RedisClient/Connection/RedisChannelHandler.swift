import NIOCore
import Synchronization

/// One connection's end of the protocol. Commands may come from any thread; those of one turn of the event loop go out in
/// one write.
final class RedisChannelHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Waiter = CheckedContinuation<Result<RESPValue, RedisError>, Never>

    struct Submission: Sendable {
        var bytes: ByteBuffer
        /// Answers that come first and interest nobody.
        var ignored = 0
        var waiter: Waiter
    }

    /// Submitted, and not yet taken over by the event loop.
    private struct Inbox {
        var submissions: [Submission] = []
        var isScheduled = false
        var failure: RedisError?
        var waiting = 0
    }

    private let inbox = Mutex(Inbox())
    private let loop: NIOLoopBoundBox<LoopState>
    private let eventLoop: any EventLoop
    private let timeout: Duration
    private let mostWaiting: Int
    private let onPush: (@Sendable ([RESPValue]) -> Void)?

    private final class LoopState {
        var context: ChannelHandlerContext?
        var parser = RESPParser()
        var received = ByteBuffer()
        var pending = PendingReplies<Waiter>()
        var timer: Scheduled<Void>?
        var failure: RedisError?
    }

    /// `onPush`: gets what comes unasked; where it is given, also the arrays of version 2's subscriptions once nothing else
    /// is waited for.
    init(
        eventLoop: any EventLoop, timeout: Duration, mostWaiting: Int,
        onPush: (@Sendable ([RESPValue]) -> Void)? = nil
    ) {
        self.eventLoop = eventLoop
        self.timeout = timeout
        self.mostWaiting = mostWaiting
        self.onPush = onPush
        loop = .makeBoxSendingValue(LoopState(), eventLoop: eventLoop)
    }

    var waiting: Int { inbox.withLock { $0.waiting } }

    func submit(_ submission: Submission) {
        let (failure, mustSchedule) = inbox.withLock { inbox -> (RedisError?, Bool) in
            if let failure = inbox.failure { return (failure, false) }
            guard inbox.waiting < mostWaiting else { return (.overloaded(inbox.waiting), false) }
            inbox.waiting += 1
            inbox.submissions.append(submission)
            defer { inbox.isScheduled = true }
            return (nil, !inbox.isScheduled)
        }
        if let failure { return submission.waiter.resume(returning: .failure(failure)) }
        if mustSchedule { eventLoop.execute { self.sendSubmitted() } }
    }

    private func sendSubmitted() {
        let submissions = inbox.withLock { inbox in
            inbox.isScheduled = false
            defer { inbox.submissions = [] }
            return inbox.submissions
        }
        let state = loop.value
        guard let context = state.context, state.failure == nil else {
            let failure = state.failure ?? .disconnected("it is not open")
            for submission in submissions { answer(submission.waiter, .failure(failure)) }
            return
        }
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        var bytes = context.channel.allocator.buffer(capacity: submissions.reduce(0) { $0 + $1.bytes.readableBytes })
        for submission in submissions {
            for _ in 0..<submission.ignored { state.pending.sent(nil, deadline: deadline) }
            state.pending.sent(submission.waiter, deadline: deadline)
            bytes.writeImmutableBuffer(submission.bytes)
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        watch()
    }

    private func answer(_ waiter: Waiter, _ result: Result<RESPValue, RedisError>) {
        inbox.withLock { $0.waiting -= 1 }
        waiter.resume(returning: result)
    }

    // On the event loop.

    func handlerAdded(context: ChannelHandlerContext) { loop.value.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.disconnected("it was closed"))
        loop.value.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.disconnected("the server closed it"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.disconnected("\(error)")) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let state = loop.value
        var bytes = unwrapInboundIn(data)
        if state.received.readableBytes == 0 { state.received = bytes } else { state.received.writeBuffer(&bytes) }
        while state.failure == nil {
            do throws(RESPParser.Malformed) {
                guard let value = try state.parser.next(&state.received) else { break }
                take(value)
            } catch {
                fail(.malformed(error.description))
            }
        }
        watch()
    }

    private func take(_ value: RESPValue) {
        let state = loop.value
        if case .push(let elements) = value {
            onPush?(elements)
        } else if let waiter = state.pending.received() {
            if let waiter { answer(waiter, Self.result(value)) }
        } else if let onPush, let elements = value.elements {
            onPush(elements)
        } else {
            fail(.malformed("an answer to nothing"))
        }
    }

    private static func result(_ value: RESPValue) -> Result<RESPValue, RedisError> {
        if case .error(let text) = value { return .failure(.server(text)) }
        return .success(value)
    }

    /// One timer at a time, for the oldest command.
    private func watch() {
        let state = loop.value
        guard state.timer == nil, state.failure == nil, let deadline = state.pending.deadline else { return }
        state.timer = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            state.timer = nil
            guard let oldest = state.pending.deadline else { return }
            if oldest <= .now() { self.fail(.timedOut(self.timeout)) } else { self.watch() }
        }
    }

    /// The end of this connection. After a timeout too: its answers would come to others.
    private func fail(_ failure: RedisError) {
        let state = loop.value
        guard state.failure == nil else { return }
        state.failure = failure
        state.timer?.cancel()
        let left = inbox.withLock { inbox in
            inbox.failure = failure
            defer { inbox.submissions = [] }
            return inbox.submissions.map(\.waiter)
        }
        for waiter in state.pending.closed() + left { answer(waiter, .failure(failure)) }
        state.context?.close(promise: nil)
    }

    /// From any thread.
    func close(_ reason: RedisError) { eventLoop.execute { self.fail(reason) } }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
}
