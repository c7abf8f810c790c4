import Foundation
import Subprocess
import Synchronization
import TestSupport

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// A `fairway` command in a process of its own, which a test may signal or kill.
final class Program: Sendable {
    let pid: Int32
    let log: FairwayProcess.Log
    private let signalled = Mutex(false)
    private let ended = Mutex(false)

    private var hasEnded: Bool { ended.withLock { $0 } }

    private init(pid: Int32, log: FairwayProcess.Log) {
        self.pid = pid
        self.log = log
    }

    /// How it ended, once its test let go of it.
    struct Ending: Sendable {
        var status: TerminationStatus
        /// From the end of the test's body to the end of the process.
        var duration: Duration
        var log: String

        var isSuccess: Bool { status.isSuccess }
        var exitCode: Int32? {
            guard case .exited(let code) = status else { return nil }
            return code
        }
    }

    func send(_ signal: Int32) {
        signalled.withLock { $0 = true }
        kill(pid, signal)
    }

    func waitUntilReady() async throws {
        do {
            try await eventually("the command says ready", within: .seconds(60)) { log.isReady || hasEnded }
        } catch is DeadlineExceeded {
            throw FairwayProcess.EndedEarly(log: log.text)
        }
        guard log.isReady else { throw FairwayProcess.EndedEarly(log: log.text) }
    }

    func waitUntilPrinted(_ text: String, within timeout: Duration = .seconds(20)) async throws {
        do {
            try await eventually("the command prints \(text)", within: timeout) { log.contains(text) }
        } catch is DeadlineExceeded {
            throw FairwayProcess.EndedEarly(log: log.text)
        }
    }

    /// Runs the command while `body` runs. Afterwards it is stopped with SIGTERM, unless `body` has signalled it already.
    ///
    /// - Parameter patience: how long it may take to end; then it is killed, which its status tells.
    @discardableResult
    static func run<Result: Sendable>(
        _ arguments: [String], patience: Duration = .seconds(30),
        _ body: @escaping @Sendable (Program) async throws -> Result
    ) async throws -> (result: Result, ending: Ending) {
        let log = FairwayProcess.Log()
        let clock = ContinuousClock()
        let outcome = try await Subprocess.run(
            .path(FilePath(try FairwayProcess.executable)), arguments: Arguments(arguments), input: .none,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            let output = execution.standardOutput
            let program = Program(pid: execution.processIdentifier.value, log: log)
            return try await withThrowingTaskGroup(of: Bool.self) { group in
                // Its output ends when it does.
                group.addTask {
                    for try await line in output.strings() { log.append(line) }
                    program.ended.withLock { $0 = true }
                    return true
                }
                let result: Swift.Result<Result, any Error>
                do {
                    result = .success(try await body(program))
                } catch {
                    result = .failure(error)
                }
                let end = clock.now
                if !program.signalled.withLock({ $0 }) { program.send(SIGTERM) }
                group.addTask {
                    try await clock.sleep(for: patience)
                    program.send(SIGKILL)
                    return false
                }
                while try await group.next() == false {}
                group.cancelAll()
                return (try result.get(), end)
            }
        }
        let (result, end) = outcome.closureResult
        return (result, Ending(status: outcome.terminationStatus, duration: clock.now - end, log: log.text))
    }

    /// Runs a command that ends by itself.
    static func ending(_ arguments: [String]) async throws -> Ending {
        let outcome = try await Subprocess.run(
            .path(FilePath(try FairwayProcess.executable)), arguments: Arguments(arguments), input: .none,
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        return Ending(status: outcome.terminationStatus, duration: .zero, log: outcome.standardOutput)
    }
}
