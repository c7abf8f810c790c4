import ArgumentParser
import ServiceLifecycle
import UnixSignals

extension ServiceGroup {
    private enum End {
        case stopped
        case signalledTwice
    }

    /// Runs the group, which shuts down gracefully at its first SIGTERM or SIGINT, and cancels it at the second: then
    /// nothing is waited for any more, and the exit code is not 0.
    func runUntilSignalled() async throws {
        // Made before the group's own, so that no signal between the two goes uncounted.
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                try await self.run()
                return .stopped
            }
            group.addTask {
                var count = 0
                for await _ in signals {
                    count += 1
                    if count == 2 { return .signalledTwice }
                }
                return .stopped
            }
            defer { group.cancelAll() }
            guard try await group.next() == .signalledTwice else { return }
            group.cancelAll()
            // Whatever the services say about being cancelled, the person who sent the signal knows why.
            _ = try? await group.next()
            throw ExitCode(130)
        }
    }
}
