import EnvoyTranslation
package import Logging
package import RateLimiter
import Synchronization
package import TrafficPlan

/// Keeps a limiter supplied with the sets that proxies name.
///
/// A set is installed before any proxy is told of it and stays for a while after the last one was told to forget it. Its
/// name is a hash of its content, so a proxy and a limiter can never mean different things by it.
package final class LimitSetHolder: Sendable {
    package let limiter: RateLimiter
    private let logger: Logger
    private let patience: Duration
    private let metrics = ServiceMetrics()
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Questions that wait for a set at once; more are told at once that it is not there.
    private static let mostWaiting = 4096

    private struct State {
        var held = HeldSets()
        var installed: Set<LimitSetID> = []
        var waiting: [Int: (id: LimitSetID, bell: AsyncStream<Void>.Continuation)] = [:]
        var lastWaiting = 0
    }

    /// - Parameter patience: How long a question waits for a set that it names and that has not come yet. Less than the
    ///   proxies' own timeout.
    package init(limiter: RateLimiter, patience: Duration = .milliseconds(30), logger: Logger) {
        self.limiter = limiter
        self.patience = patience
        self.logger = logger
    }

    /// A set is installed once for each class of its limits: a proxy asks for the classes apart.
    static func name(of id: LimitSetID, _ failureClass: LimitDescriptor.FailureClass) -> LimitSetID {
        LimitSetID("\(id.text)/\(failureClass.rawValue)")
    }

    private var now: Duration { ContinuousClock.now - start }

    /// To be called before any proxy is told of these sets.
    package func install(_ sets: [LimitSetID: LimitSet]) {
        state.withLock { state in
            for id in state.held.want(sets.keys.sorted()).install {
                if let set = sets[id] { put(set, as: id, &state) }
            }
            metrics.holds(state.held.count)
        }
    }

    /// No proxy is told of these sets any more.
    package func retire(_ ids: some Sequence<LimitSetID>) {
        state.withLock { state in drop(state.held.retire(ids, now: now).remove, &state) }
    }

    /// The complete plan's sets.
    package func replaceAll(with sets: [LimitSetID: LimitSet]) {
        state.withLock { state in
            let effects = state.held.replace(with: Set(sets.keys), now: now)
            for id in effects.install {
                if let set = sets[id] { put(set, as: id, &state) }
            }
            drop(effects.remove, &state)
        }
    }

    private func put(_ set: LimitSet, as id: LimitSetID, _ state: inout State) {
        for failureClass in LimitDescriptor.FailureClass.allCases {
            let limits = set.of(failureClass)
            guard !limits.limits.isEmpty else { continue }
            let name = Self.name(of: id, failureClass)
            do throws(PathPattern.Failure) {
                try limiter.install(limits, as: name)
            } catch {
                logger.error(
                    "a limit set cannot be used; proxies do what its limits say for a failing limiter",
                    metadata: ["limits.set": "\(id)", "error": "\(error)"])
                continue
            }
            state.installed.insert(name)
            for (key, waiting) in state.waiting where waiting.id == name {
                waiting.bell.finish()
                state.waiting[key] = nil
            }
        }
    }

    private func drop(_ ids: [LimitSetID], _ state: inout State) {
        for id in ids {
            for failureClass in LimitDescriptor.FailureClass.allCases {
                let name = Self.name(of: id, failureClass)
                guard state.installed.remove(name) != nil else { continue }
                limiter.remove(name)
            }
        }
        metrics.holds(state.held.count)
    }

    /// False where the set does not come in time.
    func waitUntilInstalled(_ name: LimitSetID) async -> Bool {
        if state.withLock({ $0.installed.contains(name) }) { return true }
        let ticket: (key: Int, bells: AsyncStream<Void>)? = state.withLock { state in
            guard state.waiting.count < Self.mostWaiting else { return nil }
            let (bells, bell) = AsyncStream.makeStream(of: Void.self)
            state.lastWaiting += 1
            state.waiting[state.lastWaiting] = (name, bell)
            return (state.lastWaiting, bells)
        }
        guard let ticket else { return false }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in ticket.bells {} }
            group.addTask { [patience] in try? await Task.sleep(for: patience) }  // Cancelled: the set has come.
            await group.next()
            group.cancelAll()
        }
        return state.withLock { state in
            state.waiting[ticket.key] = nil
            return state.installed.contains(name)
        }
    }
}
