import Foundation
import Synchronization

/// A real redis-server, or a sentinel, for one test: on a port of its own of 127.0.0.1, in a folder of its own, gone when
/// the test is, even where the test process is killed.
package final class RedisProcess: Sendable {
    package let port: UInt16
    package let folder: String
    private let arguments: [String]
    private let program: String
    private let running = Mutex<Running?>(nil)

    private struct Running {
        var guardian: Process
        var pid: Int32
        /// Whose end the guardian sees when this process ends.
        var lifeline: Pipe
    }

    /// - Parameter arguments: as for `redis-server`, behind `--port`.
    package init(folder: String, port: UInt16? = nil, isSentinel: Bool = false, arguments: [String] = []) throws {
        program = try Tool.redis.required()
        self.port = try port ?? freePort()
        self.folder = folder + "/redis-\(self.port)"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        var words = ["--port", "\(self.port)", "--bind", "127.0.0.1", "--dir", self.folder, "--daemonize", "no"]
        if isSentinel {
            let file = self.folder + "/sentinel.conf"
            try "".write(toFile: file, atomically: true, encoding: .utf8)
            words = [file] + words + ["--sentinel"]
        } else {
            words += ["--save", ""]
        }
        self.arguments = words + arguments
    }

    deinit { stop() }

    /// Until it listens. On the same port as before, where it ran before.
    package func start() async throws {
        let guardian = Process()
        let lifeline = Pipe()
        let told = Pipe()
        guardian.executableURL = URL(fileURLWithPath: "/bin/sh")
        guardian.arguments =
            [
                "-c", "\"$@\" >\"$0\" 2>&1 </dev/null & echo $!; exec >/dev/null; read line; kill -9 $!",
                folder + "/log",
                program,
            ] + arguments
        guardian.standardInput = lifeline
        guardian.standardOutput = told
        try guardian.run()
        let text = String(decoding: told.fileHandleForReading.availableData, as: UTF8.self)
        guard let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw RedisProcessError(description: "sh said \"\(text)\" where the server's process id was expected")
        }
        running.withLock { $0 = Running(guardian: guardian, pid: pid, lifeline: lifeline) }
        try await eventually("redis-server listens on \(port); its log: \(folder)/log") { isListening }
    }

    /// At once, as a crash does.
    package func stop() {
        guard
            let ended = running.withLock({ running in
                defer { running = nil }
                return running
            })
        else { return }
        kill(ended.pid, SIGKILL)
        try? ended.lifeline.fileHandleForWriting.close()
        ended.guardian.waitUntilExit()
    }

    /// It stays, and answers nothing.
    package func pause() { signal(SIGSTOP) }
    package func resume() { signal(SIGCONT) }

    /// As `--cluster-port` was given.
    package var clusterPort: UInt16 {
        arguments.firstIndex(of: "--cluster-port").flatMap { UInt16(arguments[$0 + 1]) } ?? port + 10_000
    }

    package var log: String { (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "" }

    private func signal(_ number: Int32) {
        guard let pid = running.withLock({ $0?.pid }) else { return }
        kill(pid, number)
    }

    private var isListening: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

package struct RedisProcessError: Error, CustomStringConvertible {
    package var description: String
}

/// A server that goes with the test.
package func withRedis<Result>(
    _ arguments: [String] = [], isolation: isolated (any Actor)? = #isolation,
    _ body: (RedisProcess) async throws -> Result
) async throws -> Result {
    try await withTemporaryDirectory { folder in
        let server = try RedisProcess(folder: folder, arguments: arguments)
        try await server.start()
        defer { server.stop() }
        return try await body(server)
    }
}
