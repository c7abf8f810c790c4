import Foundation
import SwiftProtobuf
import TestSupport
import Testing

/// The real Envoy, asked for its opinion.
enum EnvoyJudge {
    static func validate(_ bootstrap: StaticBootstrap) async throws {
        try await withTemporaryDirectory { folder in
            let process = try start(bootstrap, in: folder, arguments: ["--mode", "validate", "-l", "error"])
            try await eventually("envoy has judged") { !process.isRunning }
            let words = try String(contentsOfFile: folder + "/envoy.log", encoding: .utf8)
            #expect(process.terminationStatus == 0, "\(words)")
        }
    }

    /// Runs Envoy while `body` does.
    static func serving(_ bootstrap: StaticBootstrap, _ body: () async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let process = try start(
                bootstrap, in: folder, arguments: ["--concurrency", "1", "--use-dynamic-base-id", "-l", "warning"])
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            // The test runner's children inherit its blocked signals, SIGTERM among them.
            kill(process.processIdentifier, SIGKILL)
            try await eventually("envoy has stopped") { !process.isRunning }
            try outcome.get()
        }
    }

    private static func start(
        _ bootstrap: StaticBootstrap, in folder: String, arguments: [String]
    ) throws -> Process {
        let file = folder + "/bootstrap.pb"
        let log = folder + "/envoy.log"
        let bytes: Data = try bootstrap.message.serializedBytes()
        try bytes.write(to: URL(fileURLWithPath: file))
        try Data().write(to: URL(fileURLWithPath: log))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Tool.envoy.required())
        process.arguments = ["-c", file] + arguments
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process.standardError = process.standardOutput
        try process.run()
        return process
    }
}
