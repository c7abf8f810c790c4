import Foundation
import Logging
import Subprocess
import Synchronization
import SystemPackage

/// One life of an Envoy process, from its start or adoption to its end.
final class EnvoyRun: Sendable {
    /// How an adopted process is watched: it is not our child, so nobody tells us of its end.
    private static let adoptedInterval: Duration = .milliseconds(100)
    /// How long a process that was told to quit may take, before and after SIGTERM.
    private static let quitTime: Duration = .seconds(5)

    let launch: EnvoyLaunch
    private let adopted: ProcessIdentity?
    private let process: Mutex<ProcessIdentity?>
    private let hasEnded = Latch()
    private let logger: Logger
    private let accessLog: @Sendable (String) -> Void

    init(
        _ launch: EnvoyLaunch, adopting process: ProcessIdentity?, logger: Logger,
        accessLog: @escaping @Sendable (String) -> Void
    ) {
        self.launch = launch
        adopted = process
        self.process = Mutex(process)
        self.logger = logger
        self.accessLog = accessLog
    }

    var pid: Int32? { process.withLock { $0?.pid } }

    /// Returns how the process ended. Cancelling the task ends the process without draining it.
    ///
    /// - Parameters:
    ///   - stop: When it opens, the process is drained.
    ///   - onReady: Called once, when Envoy serves.
    func untilEnd(
        stop: Latch, drain: EnvoyDrain, onReady: @escaping @Sendable () -> Void
    ) async throws -> String {
        let errors = try LogPipe(path: launch.folder.logPipe(launch.instance))
        let output = try LogPipe(path: launch.folder.accessLogPipe(launch.instance))
        // Before any reader looks: a pipe without a writer is at its end.
        let writers = adopted == nil ? (output: try output.openWriter(), errors: try errors.openWriter()) : nil
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await self.waitForEnd(writers) }
            group.addTask {
                await self.forwardLogs(errors, output)
                return nil
            }
            group.addTask {
                await self.waitUntilReady(then: onReady)
                return nil
            }
            group.addTask {
                await stop.wait()
                if !Task.isCancelled { await self.quit(after: drain) }
                return nil
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            return "unknown"
        }
    }

    private func waitForEnd(_ writers: (output: Int32, errors: Int32)?) async throws -> String {
        defer { hasEnded.open() }
        let outcome: String
        if let writers {
            outcome = try await runChild(writers)
        } else {
            outcome = try await watchAdopted()
        }
        return outcome
    }

    private func runChild(_ writers: (output: Int32, errors: Int32)) async throws -> String {
        var options = PlatformOptions()
        // A session of its own: Ctrl-C in the terminal is for us, we tell Envoy in our own time.
        options.createSession = true
        options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .path(FilePath(launch.binary.path)), arguments: Arguments(launch.arguments), platformOptions: options,
            input: .none,
            output: .fileDescriptor(FileDescriptor(rawValue: writers.output), closeAfterSpawningProcess: true),
            error: .fileDescriptor(FileDescriptor(rawValue: writers.errors), closeAfterSpawningProcess: true)
        ) { execution in
            guard let identity = ProcessIdentity(pid: execution.processIdentifier.value) else { return }
            self.process.withLock { $0 = identity }
            try ProcessRecord(
                process: identity, fingerprint: self.launch.fingerprint, instance: self.launch.instance,
                version: self.launch.binary.versionText
            ).write(to: self.launch.folder)
        }
        return switch result.terminationStatus {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): "signal \(signal)"
        }
    }

    private func watchAdopted() async throws -> String {
        guard let adopted else { return "never started" }
        do {
            while adopted.isAlive { try await Task.sleep(for: Self.adoptedInterval) }
        } catch {
            adopted.send(SIGTERM)
            throw error
        }
        return "gone (it was another process's child, so its status is not known)"
    }

    private func waitUntilReady(then onReady: @Sendable () -> Void) async {
        while !Task.isCancelled {
            if pid != nil, await launch.admin.isReady() {
                onReady()
                return
            }
            // Cancelled: the loop's condition sees it.
            try? await Task.sleep(for: .milliseconds(25))
        }
    }

    /// Drains, then quits; whoever does not go is killed.
    private func quit(after drain: EnvoyDrain) async {
        do {
            try await drain.run(on: launch.admin)
            try await launch.admin.quit()
        } catch {
            if Task.isCancelled { return }
            logger.warning("Envoy cannot be drained", error: error)
            process.withLock { $0 }?.send(SIGTERM)
        }
        for signal in [SIGTERM, SIGKILL] {
            if await hasEnded.wait(atMost: Self.quitTime) { return }
            if Task.isCancelled { return }
            logger.warning("Envoy does not quit", metadata: ["signal": "\(signal)"])
            process.withLock { $0 }?.send(signal)
        }
    }
}

extension EnvoyRun {
    /// Copies Envoy's lines into ours until its pipes end.
    private func forwardLogs(_ errors: LogPipe, _ output: LogPipe) async {
        var envoyLogger = logger
        envoyLogger[metadataKey: "envoy.pid"] = pid.map { "\($0)" }
        let log = envoyLogger
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.reading(errors) { line in
                    let line = EnvoyLogLine(line)
                    log.log(
                        level: line.level, "\(line.text)",
                        metadata: ["envoy.component": "\(line.component ?? "none")"])
                }
            }
            group.addTask { await self.reading(output, self.accessLog) }
        }
    }

    private func reading(_ pipe: LogPipe, _ body: (String) -> Void) async {
        do {
            try await pipe.forEachLine(body)
        } catch is CancellationError {
            return
        } catch {
            logger.warning("Envoy's log cannot be read on", error: error, metadata: ["path": "\(pipe.path)"])
        }
    }
}
