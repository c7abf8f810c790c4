package import KubernetesClient
import KubernetesModel
import KubernetesStore
package import Logging
import Synchronization

/// Follows what a node acts on: Nodes, Services and EndpointSlices, each without the parts that nobody here reads. Lasts
/// through any absence of the API server; what was told stays true meanwhile.
package final class ClusterFeed: Sendable {
    private let client: KubernetesClient
    private let logger: Logger
    private let pending = Mutex(PendingNews())

    package init(client: KubernetesClient, logger: Logger) {
        self.client = client
        self.logger = logger
    }

    /// The API server answered when it was last asked.
    package var isConnected: Bool { pending.withLock { $0.isConnected } }
    /// Every kind has been listed once.
    package var isComplete: Bool { pending.withLock { $0.isComplete } }

    /// Runs until cancelled. `deliver` is called by one task; what arrives meanwhile comes as one.
    package func run(_ deliver: @escaping @Sendable (ClusterNews) async -> Void) async throws {
        let (bells, bell) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.reflector(Self.lightened(_:) as @Sendable (Node) -> Node).run { output in
                    self.pending.withLock { $0.told(output) }
                    bell.yield()
                }
            }
            group.addTask {
                try await self.reflector(Self.lightened(_:) as @Sendable (Service) -> Service).run { output in
                    self.pending.withLock { $0.told(output) }
                    bell.yield()
                }
            }
            group.addTask {
                try await self.reflector(Self.lightened(_:) as @Sendable (EndpointSlice) -> EndpointSlice).run {
                    output in
                    self.pending.withLock { $0.told(output) }
                    bell.yield()
                }
            }
            group.addTask {
                for await _ in bells {
                    if let news = self.pending.withLock({ $0.take() }) { await deliver(news) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func reflector<O: KubernetesObject>(_ transform: @escaping @Sendable (O) -> O) -> Reflector<O> {
        Reflector(client: client, options: ReflectorOptions(transform: { transform($0) }), logger: logger)
    }

    /// Without conditions, so that a heartbeat is no change.
    private static func lightened(_ node: Node) -> Node {
        var light = node
        light.metadata.ownerReferences = nil
        light.status?.conditions = nil
        return light
    }

    private static func lightened(_ service: Service) -> Service {
        var light = service
        light.metadata.annotations = nil
        light.metadata.ownerReferences = nil
        light.spec?.selector = nil
        return light
    }

    /// Of the annotations only the time of the change is of use.
    private static func lightened(_ slice: EndpointSlice) -> EndpointSlice {
        var light = slice
        let time = slice.metadata.annotations?[EndpointSlice.triggerTimeAnnotation]
        light.metadata.annotations = time.map { [EndpointSlice.triggerTimeAnnotation: $0] }
        light.metadata.ownerReferences = nil
        light.endpoints = slice.endpoints.map { endpoints in
            endpoints.map { endpoint in
                var light = endpoint
                light.targetRef = nil
                light.hostname = nil
                return light
            }
        }
        return light
    }
}
