import KubernetesModel
import KubernetesStore
import RateLimitService
import RateLimiter
import TrafficPlan

/// Tells on a policy when one of its limits first refuses a request: once for each limiter and limit, by whoever hears it.
struct LimitEvents: Sendable {
    let recorder: EventRecorder
    let own: RateLimiter?
    let elsewhere: LimitSetPublisher
    /// The identity of the policy that lives under this name now.
    let uid: @Sendable (ObjectName) async -> String?

    /// Runs until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            if let own { group.addTask { for await name in own.firstRefusals { await record(name) } } }
            group.addTask { for await name in elsewhere.firstRefusals { await record(name) } }
        }
    }

    private func record(_ limit: RateLimitName) async {
        let name = ObjectName(namespace: limit.namespace, name: limit.policy)
        let object = ObjectReference(
            apiVersion: RateLimitPolicy.resource.apiVersion, kind: RateLimitPolicy.resource.kind,
            namespace: limit.namespace, name: limit.policy, uid: await uid(name))
        recorder.record(
            Occurrence(
                object: object, severity: .normal, reason: "LimitReached", action: "Limit",
                message: "limit \(limit.limit) was exceeded for the first time; `fairway limits` shows by whom"))
    }
}
