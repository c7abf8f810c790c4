import Foundation
package import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// How the local Envoy is.
package enum EnvoyStatus: Hashable, Sendable {
    case starting
    /// It has its configuration and serves.
    case serving(pid: Int32, version: String, isAdopted: Bool)
    case down(reason: String)
    case stopped
}

/// Keeps one Envoy running on this machine.
///
/// - It is started, and started again with growing waits when it ends.
/// - When this process dies, however suddenly, Envoy goes on serving what it has. The next supervisor of the same
///   folder adopts it if it is the one it would have started itself; Envoy finds the new controller by itself, at the
///   same socket. If it is another (new version, new bootstrap), a second Envoy is started beside it on the same
///   ports, and the first is drained once the second serves.
/// - `stop()`, or the service group's graceful shutdown, drains and ends it. Cancelling the task ends it at once.
package final class EnvoySupervisor: Service {
    private struct State {
        var status: EnvoyStatus = .starting
        var admin: EnvoyAdmin?
    }

    private let configuration: EnvoyConfiguration
    private let folder: RunFolder
    private let logger: Logger
    private let accessLog: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let stopping = Latch()
    private let serving = Latch()

    /// Makes the folders, and decides where the sockets lie.
    ///
    /// - Parameter accessLog: Gets Envoy's access log, a line at a time, without its newline.
    package init(
        configuration: EnvoyConfiguration, logger: Logger,
        accessLog: @escaping @Sendable (String) -> Void = toStandardOutput
    ) throws {
        self.configuration = configuration
        folder = try RunFolder(dataDirectory: configuration.dataDirectory)
        self.logger = logger
        self.accessLog = accessLog
    }

    /// At once: into a pipe or a file the C library would otherwise write some four kilobytes at a time.
    package static func toStandardOutput(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Where Envoy looks for the discovery server.
    package var discoverySocket: String { folder.discoverySocket }

    /// Where it looks for a limiter of this machine.
    package var limiterSocket: String { folder.limiterSocket }

    package var status: EnvoyStatus { state.withLock { $0.status } }

    /// From `stop()` on.
    package var isStopping: Bool { stopping.isOpen }

    /// The admin interface of the Envoy that runs now; `nil` before the first start.
    package var admin: EnvoyAdmin? { state.withLock { $0.admin } }

    /// True while an Envoy lives that a supervisor of this folder has started: then the ports are its own, and it is
    /// adopted or relieved.
    package static func hasLivingEnvoy(dataDirectory: String) -> Bool {
        ProcessRecord.read(at: RunFolder.recordPath(in: dataDirectory))?.process.isAlive ?? false
    }

    /// Drains Envoy and makes `run()` return.
    package func stop() { stopping.open() }

    /// Returns true once an Envoy serves, false when it is to stop before.
    package func waitUntilServing() async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.serving.wait() }
            group.addTask { await self.stopping.wait() }
            await group.next()
            group.cancelAll()
        }
        return serving.isOpen
    }

    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await supervise()
        } onGracefulShutdown: {
            self.stop()
        }
    }

    private func supervise() async throws {
        let openFiles = ResourceLimits.raiseOpenFiles()
        let binary = try await EnvoyBinary.located(at: configuration.binaryPath)
        let lock = try FolderLock(path: folder.lockPath)
        defer { lock.release() }
        var launch = EnvoyLaunch(
            binary: binary, folder: folder, configuration: configuration, openFiles: openFiles)
        let predecessor = await livingPredecessor()
        let isAdoptable = await isAdoptable(predecessor, by: launch)
        switch predecessor {
        case let predecessor? where isAdoptable: launch.instance = predecessor.instance
        case let predecessor?: launch = launch.besides(predecessor.instance)
        case nil: try Ports.check(configuration.ports)
        }
        let next = launch
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let predecessor, !isAdoptable {
                group.addTask { await self.retire(predecessor) }
            }
            group.addTask { try await self.keepRunning(next, adopting: isAdoptable ? predecessor?.process : nil) }
            for try await _ in group {}
        }
    }

    private func keepRunning(_ launch: EnvoyLaunch, adopting process: ProcessIdentity?) async throws {
        var adopted = process
        var backoff = RestartBackoff()
        let clock = ContinuousClock()
        let drain = EnvoyDrain(acceptFor: configuration.acceptWhileStopping, timeout: configuration.stopTimeout)
        while !stopping.isOpen {
            if adopted == nil { try launch.writeBootstrap() }
            let run = EnvoyRun(launch, adopting: adopted, logger: logger, accessLog: accessLog)
            let isAdopted = adopted != nil
            state.withLock { $0 = State(status: .starting, admin: launch.admin) }
            let began = clock.now
            let outcome = try await run.untilEnd(stop: stopping, drain: drain) {
                self.nowServes(run, isAdopted: isAdopted)
            }
            Gauge(label: "fairway.envoy.up").record(0)
            adopted = nil
            if stopping.isOpen { break }
            state.withLock { $0.status = .down(reason: outcome) }
            let wait = backoff.ended(ranFor: clock.now - began, jitter: .random(in: 0...1))
            Counter(label: "fairway.envoy.restarts").increment()
            logger.error("Envoy ended, it is started again", metadata: ["outcome": "\(outcome)", "wait": "\(wait)"])
            if wait > .zero { _ = await stopping.wait(atMost: wait) }
            try Task.checkCancellation()
        }
        state.withLock { $0 = State(status: .stopped, admin: nil) }
        folder.removeFiles(of: launch.instance)
        folder.removeRecord()
    }

    private func nowServes(_ run: EnvoyRun, isAdopted: Bool) {
        guard let pid = run.pid else { return }
        let version = run.launch.binary.version.description
        state.withLock { $0.status = .serving(pid: pid, version: version, isAdopted: isAdopted) }
        Gauge(label: "fairway.envoy.up").record(1)
        serving.open()
        logger.notice(
            "Envoy serves",
            metadata: ["envoy.pid": "\(pid)", "envoy.version": "\(version)", "adopted": "\(isAdopted)"])
    }
}

extension EnvoySupervisor {
    /// The Envoy that a supervisor before us left running in this folder.
    private func livingPredecessor() async -> ProcessRecord? {
        guard let record = ProcessRecord.read(at: folder.recordPath), record.process.isAlive else { return nil }
        return record
    }

    /// True for one that we would have started just so, and that is not on its way out.
    private func isAdoptable(_ record: ProcessRecord?, by launch: EnvoyLaunch) async -> Bool {
        guard let record, record.fingerprint == launch.fingerprint else { return false }
        do {
            let state = try await EnvoyAdmin(socketPath: folder.adminSocket(record.instance)).state()
            return state != .draining
        } catch {
            logger.warning(
                "An Envoy left running does not answer, it is replaced", error: error,
                metadata: ["envoy.pid": "\(record.process.pid)"])
            return false
        }
    }

    /// Drains a predecessor as soon as its successor serves, or when both have to go.
    private func retire(_ record: ProcessRecord) async {
        logger.notice(
            "An Envoy of another kind was left running, it is replaced",
            metadata: ["envoy.pid": "\(record.process.pid)", "envoy.version": "\(record.version)"])
        _ = await waitUntilServing()
        let admin = EnvoyAdmin(socketPath: folder.adminSocket(record.instance))
        do {
            try await EnvoyDrain(acceptFor: .zero, timeout: configuration.stopTimeout).run(on: admin)
            try await admin.quit()
        } catch {
            logger.warning("The Envoy to be replaced cannot be drained", error: error)
            record.process.send(SIGTERM)
        }
        await end(record.process)
        folder.removeFiles(of: record.instance)
        logger.notice("The replaced Envoy is gone", metadata: ["envoy.pid": "\(record.process.pid)"])
    }

    private func end(_ process: ProcessIdentity) async {
        for signal in [SIGTERM, SIGKILL] {
            for _ in 0..<100 where process.isAlive {
                // Cancelled: the signals follow at once.
                try? await Task.sleep(for: .milliseconds(50))
            }
            process.send(signal)
        }
    }
}
