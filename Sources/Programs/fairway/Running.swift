import ArgumentParser
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Signals so close to each other are one request to stop: timeout(1) signals the process and then its whole group, and
/// Ctrl-C reaches a script together with the program that it runs.
private let oneRequest: Duration = .milliseconds(100)

/// Runs services until SIGTERM, SIGINT (Ctrl-C) or SIGHUP (the terminal is closed), which shuts them down gracefully,
/// the last first. A second signal, or a minute, ends them at once.
func run(_ services: [any ServiceLifecycle.Service], logger: Logger) async throws {
    var configuration = ServiceGroupConfiguration(
        services: services.map {
            .init(
                service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup)
        },
        logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(60)
    let group = ServiceGroup(configuration: configuration)
    // The group's own signal handling would not hear the second one.
    let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint] + (isHangUpIgnored ? [] : [.sighup]))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        defer { tasks.cancelAll() }
        tasks.addTask { try await group.run() }
        tasks.addTask {
            var stoppingSince: ContinuousClock.Instant?
            for await signal in signals {
                if let stoppingSince {
                    guard .now - stoppingSince > oneRequest else { continue }
                    logger.warning("stopping without draining", metadata: ["signal": "\(signal)"])
                    throw ExitCode(130)
                }
                stoppingSince = .now
                logger.notice("draining; a second signal stops at once", metadata: ["signal": "\(signal)"])
                await group.triggerGracefulShutdown()
            }
        }
        try await tasks.next()
    }
}

/// As `nohup` sets it.
private var isHangUpIgnored: Bool {
    var current = sigaction()
    guard sigaction(SIGHUP, nil, &current) == 0 else { return false }
    // SIG_IGN is the address 1.
    return unsafeBitCast(current.__sigaction_handler.sa_handler, to: Int.self) == 1
}
