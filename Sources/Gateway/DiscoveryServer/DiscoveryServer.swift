package import DiscoveryProtocol
import EnvoyAPI
package import GRPCCore
package import Logging
import Synchronization

/// Serves the wanted set to proxies by delta ADS.
///
/// All decisions are `FleetDiscovery`'s, guarded by one lock; this is where requests, time and publications meet it.
/// What is published is sent at once. It serves while `run` runs, once.
package final class DiscoveryServer: Sendable {
    package let configuration: DiscoveryConfiguration
    let logger: Logger
    let metrics = DiscoveryMetrics()
    let lastGood: LastGoodStore?
    let services: [any RegistrableRPCService]
    let signals = Signals()
    private let start = ContinuousClock.now
    private let core: Mutex<Core>

    private struct Core {
        var fleet: FleetDiscovery
        var outboxes: [SessionID: AsyncStream<DeltaResponse>.Continuation] = [:]
        var watchers: [Int: AsyncStream<FleetStatus>.Continuation] = [:]
        var lastWatcher = 0
        var isDraining = false
        /// When changes were published that not every proxy holds yet; bounded.
        var publications: [(generation: Generation, at: Duration)] = []
        var nextWake: Duration?
    }

    /// Wake-ups of the loops of `run`; only the newest of each counts.
    struct Signals: Sendable {
        let status = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let save = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let wake = AsyncStream.makeStream(of: Duration.self)
    }

    /// Reads the last accepted set, if the configuration names its file, and serves it until `markSynced`.
    ///
    /// - Parameter services: what else is served on the same address.
    package init(
        configuration: DiscoveryConfiguration, services: [any RegistrableRPCService] = [], logger: Logger
    ) {
        self.configuration = configuration
        self.services = services
        self.logger = logger
        lastGood = configuration.lastGoodFile.map { LastGoodStore(path: $0, logger: logger) }
        core = Mutex(Core(fleet: FleetDiscovery(limits: configuration.limits, lastGood: lastGood?.load())))
    }

    private var now: Duration { ContinuousClock.now - start }

    /// Makes a change of the wanted set known to all proxies, in the safe order.
    @discardableResult
    package func publish(_ change: ResourceChange) -> Generation {
        core.withLock { core in
            let generation = core.fleet.publish(change)
            note(generation, in: &core)
            act(&core)
            return generation
        }
    }

    /// The wanted set is complete. Before, nothing but the last accepted set of an earlier process is served.
    package func markSynced() {
        core.withLock { core in
            core.fleet.markSynced()
            note(core.fleet.generation, in: &core)
            act(&core)
        }
    }

    package var fleet: FleetStatus { core.withLock { $0.fleet.status } }

    /// The status now, and after changes of it; what follows quickly comes as one. Ends when the server does.
    package func statuses() -> AsyncStream<FleetStatus> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: FleetStatus.self, bufferingPolicy: .bufferingNewest(1))
        let number: Int? = core.withLock { core in
            continuation.yield(core.fleet.status)
            guard !core.isDraining else { return nil }
            core.lastWatcher += 1
            core.watchers[core.lastWatcher] = continuation
            return core.lastWatcher
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.core.withLock { _ = $0.watchers.removeValue(forKey: number) }
        }
        return stream
    }

    /// Returns when every connected proxy, at least one, holds this change.
    package func waitUntilApplied(_ generation: Generation) async throws {
        for await status in statuses() where !status.proxies.isEmpty {
            if status.count(holding: generation) == status.proxies.count { return }
        }
        throw CancellationError()
    }

    /// Ends all streams, so that `run` returns; proxies keep what they have.
    package func beginGracefulShutdown() {
        let watchers = core.withLock { core in
            core.isDraining = true
            for outbox in core.outboxes.values { outbox.finish() }
            defer { core.watchers = [:] }
            return Array(core.watchers.values)
        }
        // Not under the lock, which the end of a watcher takes.
        for watcher in watchers { watcher.finish() }
        signals.status.continuation.finish()
        signals.save.continuation.finish()
        signals.wake.continuation.finish()
    }
}

extension DiscoveryServer {
    struct Stream: Sendable {
        let id: SessionID
        let responses: AsyncStream<DeltaResponse>
    }

    func open(peer: String) throws(RPCError) -> Stream {
        let (responses, outbox) = AsyncStream.makeStream(of: DeltaResponse.self)
        let id: SessionID? = core.withLock { core in
            guard core.outboxes.count < configuration.mostProxies, !core.isDraining else { return nil }
            let id = core.fleet.connected(at: now)
            core.outboxes[id] = outbox
            return id
        }
        guard let id else {
            throw RPCError(
                code: .resourceExhausted, message: "no more than \(configuration.mostProxies) proxies are served")
        }
        logger.info("A proxy connected", metadata: ["xds.session": "\(id)", "xds.peer": "\(peer)"])
        signals.status.continuation.yield()
        return Stream(id: id, responses: responses)
    }

    func close(_ id: SessionID) {
        let node = core.withLock { core in
            let node = core.fleet.status(of: id)?.node
            core.outboxes.removeValue(forKey: id)?.finish()
            core.fleet.disconnected(id)
            return node
        }
        logger.info("A proxy disconnected", metadata: ["xds.session": "\(id)", "envoy.node": "\(node?.id ?? "")"])
        signals.status.continuation.yield()
    }

    func received(_ message: Envoy_Service_Discovery_V3_DeltaDiscoveryRequest, from id: SessionID) {
        guard let request = DeltaRequest(message) else {
            logger.debug("A proxy asks for a type that is not served", metadata: ["xds.type": "\(message.typeURL)"])
            return
        }
        let answer = core.withLock { core in
            let answer = core.fleet.received(request, from: id)
            act(&core)
            return answer
        }
        guard let answer else { return }
        metrics.answered(request.type, answer)
        if case .refused(let words) = answer {
            logger.notice(
                "Envoy refused a response; searching for the piece that it means",
                metadata: ["xds.type": "\(request.type.shortName)", "envoy.message": "\(words)"])
        } else {
            signals.save.continuation.yield()
        }
    }

    /// Time has come to look again.
    func wake() {
        core.withLock { core in
            core.nextWake = nil
            act(&core)
        }
    }

    func sleep(until moment: Duration) async throws {
        try await ContinuousClock().sleep(until: start + moment)
    }

    /// Sends what can be sent. Under the lock, so that the order of a stream is the order of decisions.
    private func act(_ core: inout Core) {
        let effects = core.fleet.next(now: now)
        for (id, response) in effects.responses {
            core.outboxes[id]?.yield(response)
            metrics.sent(response)
        }
        if let wakeAt = effects.wakeAt, core.nextWake.map({ wakeAt < $0 }) ?? true {
            core.nextWake = wakeAt
            signals.wake.continuation.yield(wakeAt)
        }
        signals.status.continuation.yield()
    }

    private func note(_ generation: Generation, in core: inout Core) {
        let most = 4096
        if core.publications.count < most, core.publications.last?.generation != generation {
            core.publications.append((generation, now))
        }
    }

    /// Tells watchers and metrics how things stand.
    func reportStatus() {
        let (status, delays) = core.withLock { core in
            let status = core.fleet.status
            for watcher in core.watchers.values { watcher.yield(status) }
            let oldest = status.proxies.map(\.applied).min() ?? .none
            let done = core.publications.prefix { $0.generation <= oldest }
            core.publications.removeFirst(done.count)
            return (status, done.map { now - $0.at })
        }
        metrics.status(status)
        for delay in delays { metrics.applied(after: delay) }
    }

    /// What is served once the wanted set is complete.
    var completeSet: ServedSet? {
        core.withLock { $0.fleet.isSynced ? $0.fleet.served : nil }
    }
}
