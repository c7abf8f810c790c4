package import KubernetesClient
package import KubernetesModel
package import Logging

/// Keeps a copy of the objects of one kind: lists them once, follows their changes for ever, and survives everything
/// the server does. The decisions are `ReflectorMachine`'s.
package struct Reflector<O: KubernetesObject>: Sendable {
    private let client: KubernetesClient
    private let options: ReflectorOptions<O>
    private let logger: Logger

    package init(client: KubernetesClient, options: ReflectorOptions<O> = ReflectorOptions(), logger: Logger) {
        self.client = client
        self.options = options
        var logger = logger
        logger[metadataKey: "kubernetes.resource"] = "\(O.resource)"
        self.logger = logger
    }

    /// Runs until cancelled. `deliver` is called by one task, one output after the other: a lone change at once, and
    /// what arrives meanwhile as one batch when it returns.
    package func run(_ deliver: @escaping @Sendable (ReflectorOutput<O>) async -> Void) async throws {
        let mailbox = ReflectorMailbox<O>()
        let feed = ReflectorFeed(client: client, options: options, logger: logger, mailbox: mailbox)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var feed = feed
                try await feed.run()
            }
            group.addTask {
                while !Task.isCancelled {
                    for output in await mailbox.take() { await deliver(output) }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
