import CLinux
import Foundation
import Synchronization

/// One child process from its start to its end, on a thread of its own: the thread enters the namespace, starts the
/// child there, waits for it, and ends. (swift-subprocess has no way to enter a namespace first.)
final class ProcessLife: Sendable {
    enum Place: Sendable {
        /// Our own network namespace.
        case here
        /// That of this file.
        case namespace(String)
        /// A new one.
        case newNamespace
    }

    struct Launch: Sendable {
        var place: Place
        var words: [String]
        var environment: [String]
        /// Standard input, output and error.
        var descriptors: [Int32]
    }

    private struct State {
        var pid: pid_t?
        var isCancelled = false
    }

    /// POSIX_SPAWN_SETSID of spawn.h, which the Glibc module leaves out.
    private static let setSession: Int32 = 0x80

    private let state = Mutex(State())

    /// Returns the exit code, or 128 and the signal. Cancelling the task kills the child and all of its session.
    func run(_ launch: Launch, started: @escaping @Sendable (Int32) -> Void = { _ in }) async throws -> Int32 {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try self.live(launch, started) })
                }
            }
        } onCancel: {
            self.kill()
        }
    }

    private func kill() {
        state.withLock { state in
            state.isCancelled = true
            guard let pid = state.pid else { return }
            Glibc.kill(-pid, SIGKILL)
            Glibc.kill(pid, SIGKILL)
        }
    }

    private func live(_ launch: Launch, _ started: (Int32) -> Void) throws -> Int32 {
        try Self.enter(launch.place)
        let pid = try state.withLock { state in
            guard !state.isCancelled else { throw CancellationError() }
            let pid = try Self.spawn(launch)
            state.pid = pid
            return pid
        }
        started(pid)
        // It stays a zombie until its number is forgotten, so that nobody signals another process of that number.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { $0.pid = nil }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    private static func enter(_ place: Place) throws {
        switch place {
        case .here: return
        case .namespace(let path):
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw LabError("cannot open \(path): \(String(cString: strerror(errno)))") }
            defer { close(descriptor) }
            let code = clinux_setns(descriptor, CLINUX_CLONE_NEWNET)
            guard code >= 0 else { throw LabError("cannot enter \(path): \(String(cString: strerror(-code)))") }
        case .newNamespace:
            let code = clinux_unshare(CLINUX_CLONE_NEWNET)
            guard code >= 0 else {
                throw LabError(
                    "cannot make a network namespace: \(String(cString: strerror(-code))); run as root, or in "
                        + "`unshare -Urn`")
            }
        }
    }

    private static func spawn(_ launch: Launch) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in launch.descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Signals as a fresh program expects them: ours are blocked or ignored in part.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // A session of its own: Ctrl-C in the terminal is for the lab, which ends its processes in its own order.
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | setSession
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let words = launch.words.map { strdup($0) } + [nil]
        let environment = launch.environment.map { strdup($0) } + [nil]
        defer { for text in words + environment { free(text) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, launch.words[0], &actions, &attributes, words, environment)
        guard code == 0 else {
            throw LabError("cannot start \(launch.words[0]): \(String(cString: strerror(code)))")
        }
        return pid
    }
}
