import Logging
import RedisClient
import TestSupport

/// The client's connections are kept while `body` runs.
func withClient<Result: Sendable>(
    _ configuration: RedisConfiguration, isReady: Bool = true,
    _ body: @escaping @Sendable (RedisClient) async throws -> Result
) async throws -> Result {
    let client = try RedisClient(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        if isReady { try await eventually("the client is connected") { client.isReady } }
        let result = try await body(client)
        group.cancelAll()
        return result
    }
}

extension RedisConfiguration {
    init(_ server: RedisProcess) {
        self.init(
            topology: .standalone(RedisAddress(host: "127.0.0.1", port: Int(server.port))),
            timeout: .milliseconds(1000),
            backoff: .milliseconds(10) ... .milliseconds(50))
    }
}
