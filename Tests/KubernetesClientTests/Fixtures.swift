import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import TestSupport

/// Nothing of interest: tests look at answers and errors.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
}

/// Runs `body` with a client of a scripted server.
func withClient<Result: Sendable>(
    _ handler: @escaping @Sendable (ScriptedServer.Request, ScriptedServer.Reply) async throws -> Void,
    _ body: @escaping @Sendable (KubernetesClient) async throws -> Result
) async throws -> Result {
    try await withConfiguredClient({ _, _ in }, handler, body)
}

func withConfiguredClient<Result: Sendable>(
    _ configure: @escaping @Sendable (inout ClusterConnection, inout KubernetesClient.Configuration) -> Void,
    _ handler: @escaping @Sendable (ScriptedServer.Request, ScriptedServer.Reply) async throws -> Void,
    _ body: @escaping @Sendable (KubernetesClient) async throws -> Result
) async throws -> Result {
    try await ScriptedServer.run(handler) { port in
        var connection = ClusterConnection(server: "http://127.0.0.1:\(port)", origin: "test")
        var configuration = KubernetesClient.Configuration()
        configure(&connection, &configuration)
        let client = try KubernetesClient(connection: connection, configuration: configuration, logger: quiet)
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        return try result.get()
    }
}

/// The error of a call that must fail.
func failure<Value>(_ body: () async throws(KubernetesError) -> Value) async throws -> KubernetesError {
    do {
        _ = try await body()
    } catch {
        return error
    }
    throw Unexpected(what: "no error was thrown")
}

struct Unexpected: Error, CustomStringConvertible {
    var what: String
    var description: String { what }
}

func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }
