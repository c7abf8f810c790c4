import EnvoyAPI
package import GRPCCore
package import Logging
import Synchronization
package import TrafficPlan

/// Hands limit sets to limiters that run elsewhere, and knows which of them hold what.
package final class LimitSetPublisher: Sendable {
    private let logger: Logger
    private let state = Mutex(State())
    private let refusals: AsyncStream<RateLimitName>.Continuation

    /// Limits that refused a request for the first time, as limiters tell; for one reader.
    package let firstRefusals: AsyncStream<RateLimitName>

    private struct Follower {
        var identity = ""
        var held: UInt64 = 0
        var bell: AsyncStream<Void>.Continuation
    }

    private struct State {
        var sets: [LimitSetID: [UInt8]] = [:]
        var version: UInt64 = 0
        var followers: [Int: Follower] = [:]
        var lastFollower = 0
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastWatcher = 0
    }

    package init(logger: Logger) {
        self.logger = logger
        (firstRefusals, refusals) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    /// The gRPC service, for the discovery server.
    package var service: any RegistrableRPCService { LimitSetService(publisher: self) }

    /// Limiters that follow.
    package var limiters: [String] { state.withLock { $0.followers.values.map(\.identity).sorted() } }

    /// Nothing is sent before the first publication, which holds every set.
    package func publish(_ sets: [LimitSetID: LimitSet], retiring retired: some Sequence<LimitSetID> = []) {
        let bytes = sets.mapValues(\.bytes)
        state.withLock { state in
            state.sets.merge(bytes) { $1 }
            for id in retired { state.sets[id] = nil }
            state.version += 1
            for follower in state.followers.values { follower.bell.yield() }
        }
    }

    /// Returns when every limiter that follows holds what was published, or `patience` is over: a limiter that hangs must
    /// not hold up routes for ever.
    package func waitUntilHeld(patience: Duration) async {
        let ticket: (key: Int, bells: AsyncStream<Void>, version: UInt64)? = state.withLock { state in
            guard !Self.isHeld(state.version, state) else { return nil }
            let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            state.lastWatcher += 1
            state.watchers[state.lastWatcher] = bell
            return (state.lastWatcher, bells, state.version)
        }
        guard let ticket else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                for await _ in ticket.bells where state.withLock({ Self.isHeld(ticket.version, $0) }) { return }
            }
            group.addTask { try? await Task.sleep(for: patience) }  // Cancelled: they hold it.
            await group.next()
            group.cancelAll()
        }
        state.withLock { state in
            state.watchers[ticket.key] = nil
            if !Self.isHeld(ticket.version, state) {
                logger.warning("a limiter does not take its limits; routes go on without waiting for it")
            }
        }
    }

    private static func isHeld(_ version: UInt64, _ state: State) -> Bool {
        state.followers.values.allSatisfy { $0.held >= version }
    }
}

extension LimitSetPublisher {
    struct Subscription {
        var key: Int
        var bells: AsyncStream<Void>
    }

    func opened() -> Subscription {
        let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let key = state.withLock { state in
            state.lastFollower += 1
            state.followers[state.lastFollower] = Follower(bell: bell)
            return state.lastFollower
        }
        bell.yield()
        return Subscription(key: key, bells: bells)
    }

    func closed(_ key: Int) {
        let follower = state.withLock { state in
            defer { ring(&state) }
            return state.followers.removeValue(forKey: key)
        }
        guard let follower, !follower.identity.isEmpty else { return }
        logger.notice("A limiter has gone", metadata: ["limiter": "\(follower.identity)"])
    }

    func received(_ message: Fairway_Limits_V1_Acknowledgement, from key: Int) {
        let isNew = state.withLock { state in
            let isNew = state.followers[key]?.identity.isEmpty == true && !message.identity.isEmpty
            if isNew { state.followers[key]?.identity = String(message.identity.prefix(256)) }
            if message.version > 0, message.version <= state.version { state.followers[key]?.held = message.version }
            ring(&state)
            return isNew
        }
        if isNew { logger.notice("A limiter follows", metadata: ["limiter": "\(message.identity.prefix(256))"]) }
        for name in message.firstRefusals.prefix(1024) {
            refusals.yield(RateLimitName(namespace: name.namespace, policy: name.policy, limit: name.limit))
        }
    }

    private func ring(_ state: inout State) {
        for watcher in state.watchers.values { watcher.yield() }
    }

    func updates(for view: inout FollowerView) -> [Fairway_Limits_V1_Update] {
        let (sets, version) = state.withLock { ($0.sets, $0.version) }
        return version == 0 ? [] : view.updates(to: sets, version: version)
    }
}

/// One call is one limiter.
struct LimitSetService: Fairway_Limits_V1_LimitSetService.SimpleServiceProtocol {
    let publisher: LimitSetPublisher

    func follow(
        request: RPCAsyncSequence<Fairway_Limits_V1_Acknowledgement, any Error>,
        response: RPCWriter<Fairway_Limits_V1_Update>, context: ServerContext
    ) async throws {
        let subscription = publisher.opened()
        defer { publisher.closed(subscription.key) }
        // The task of a handler is not cancelled with its call, so that end must be awaited as well.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await context.cancellation.cancelled }
            group.addTask {
                for try await message in request { publisher.received(message, from: subscription.key) }
            }
            group.addTask {
                var view = FollowerView()
                for await _ in subscription.bells {
                    for update in publisher.updates(for: &view) { try await response.write(update) }
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
