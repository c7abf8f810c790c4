import RateLimitService
import RateLimiter
import TrafficPlan

/// Brings limit sets to every limiter before proxies hear of them, and takes them back afterwards.
final class LimitDelivery: Sendable {
    /// How long routes wait for a limiter elsewhere to take their limits.
    private static let patience: Duration = .milliseconds(500)

    private let own: LimitSetHolder?
    private let elsewhere: LimitSetPublisher

    init(own: LimitSetHolder?, elsewhere: LimitSetPublisher) {
        self.own = own
        self.elsewhere = elsewhere
    }

    /// - Parameter isFirst: the change holds the whole plan.
    func deliver(_ change: [LimitSetID: LimitSet?], isFirst: Bool) async {
        let new = change.compactMapValues(\.self)
        guard isFirst || !new.isEmpty else { return }
        own?.install(new)
        elsewhere.publish(new)
        await elsewhere.waitUntilHeld(patience: Self.patience)
    }

    /// After proxies were told of the change.
    func retire(_ change: [LimitSetID: LimitSet?]) {
        let gone = change.filter { $0.value == nil }.keys.sorted()
        guard !gone.isEmpty else { return }
        own?.retire(gone)
        elsewhere.publish([:], retiring: gone)
    }
}
