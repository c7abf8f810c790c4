import KubernetesClient
import KubernetesModel
import KubernetesStore
import Logging
import TrafficCompiler

/// Watches the kinds that routing depends on and puts their changes into the queue.
struct SourceWatch: Sendable {
    /// Types of Secret that never hold a certificate. Helm's alone can be most of a cluster's bytes.
    private static let foreignSecrets = [
        "helm.sh/release.v1", "kubernetes.io/service-account-token", "kubernetes.io/dockercfg",
        "kubernetes.io/dockerconfigjson", "bootstrap.kubernetes.io/token",
    ]

    static let kinds: Set<String> = [
        "ingresses", "ingressclasses", "services", "endpointslices", "secrets", RateLimitPolicy.resource.plural,
        ClientPolicy.resource.plural,
    ]
    /// A cluster without their definitions has none of these.
    private static let optionalKinds: Set<String> = [RateLimitPolicy.resource.plural, ClientPolicy.resource.plural]

    let client: KubernetesClient
    let queue: ChangeQueue
    let observer: @Sendable (ObjectName, Ingress?) -> Void
    let policyObserver: @Sendable (PolicyName, PolicyStatusMachine.Observation?) -> Void
    let logger: Logger

    /// Runs until cancelled.
    func run() async throws {
        let noHelm = Self.foreignSecrets.map { "type!=\($0)" }.joined(separator: ",")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await follow(Ingress.self) { change in
                    observer(change.name, change.new)
                    return .ingress(change.name, change.new)
                }
            }
            group.addTask { try await follow(IngressClass.self) { .ingressClass($0.name, $0.new) } }
            group.addTask { try await follow(Service.self) { .service($0.name, $0.new) } }
            group.addTask {
                try await follow(
                    EndpointSlice.self,
                    options: ReflectorOptions(
                        selection: Selection(labels: EndpointSlice.serviceLabel),
                        transform: { LeanObjects.leanSlice($0) })
                ) { .endpointSlice($0.name, $0.new) }
            }
            group.addTask {
                try await follow(
                    Secret.self,
                    options: ReflectorOptions(
                        selection: Selection(fields: noHelm), transform: { LeanObjects.lean($0) })
                ) { .secret($0.name, $0.new) }
            }
            group.addTask { try await followPolicies(RateLimitPolicy.self) { .rateLimitPolicy($0.name, $0.new) } }
            group.addTask { try await followPolicies(ClientPolicy.self) { .clientPolicy($0.name, $0.new) } }
            for try await _ in group {}
        }
    }

    private func followPolicies<P: PolicyObject>(
        _ type: P.Type, as change: @escaping @Sendable (ObjectChange<P>) -> SourceChange
    ) async throws {
        try await follow(type) { object in
            policyObserver(
                PolicyName(kind: P.resource.kind, name: object.name), object.new.map { .init($0.metadata, $0.status) })
            return change(object)
        }
    }

    private func follow<O: KubernetesObject>(
        _ type: O.Type, options: ReflectorOptions<O> = ReflectorOptions(transform: { LeanObjects.lean($0) }),
        as change: @escaping @Sendable (ObjectChange<O>) -> SourceChange
    ) async throws {
        let reflector = Reflector<O>(client: client, options: options, logger: logger)
        try await reflector.run { output in
            switch output {
            case .synced(let changes):
                queue.push(changes.map(change))
                queue.synced(O.resource.plural)
            case .changed(let changes):
                queue.push(changes.map(change))
            case .invalid(let name, let reason):
                logger.error(
                    "object cannot be read; its last readable form stays in force",
                    metadata: ["object": "\(O.resource.kind) \(name?.description ?? "?")", "reason": "\(reason)"])
            case .disconnected(let error):
                // The reflector goes on asking, and finds the kind once it is defined.
                if error.isNotFound, Self.optionalKinds.contains(O.resource.plural) { queue.synced(O.resource.plural) }
                queue.failed(O.resource.plural, "\(error)")
            case .connected:
                // The reflector logs it.
                break
            }
        }
    }
}
