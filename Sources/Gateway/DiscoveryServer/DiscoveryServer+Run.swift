import DiscoveryProtocol
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOPosix

extension DiscoveryServer {
    /// The stages of one change are accepted one after the other; this is about how long all of them take.
    private static let settlingTime: Duration = .milliseconds(200)

    /// Serves until it is cancelled or drained.
    package func run() async throws {
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await serve())
        } catch {
            outcome = .failure(error)
        }
        await save()
        try outcome.get()
    }

    private func serve() async throws {
        let transport = try makeTransport()
        let server = GRPCServer(transport: transport, services: [DiscoveryService(server: self)] + services)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await server.serve()
                return false
            }
            group.addTask { [self] in
                for await _ in signals.status.stream { reportStatus() }
                server.beginGracefulShutdown()
                // Long enough for streams to say that they end; idle connections would stay for seconds.
                try await ContinuousClock().sleep(for: .milliseconds(250))
                return true
            }
            group.addTask { [self] in
                try await saveLoop()
                return false
            }
            group.addTask { [self] in
                await wakeLoop()
                return false
            }
            logger.notice("Serving proxies", metadata: ["xds.address": "\(configuration.address)"])
            while let isDrained = try await group.next() {
                if isDrained { break }
            }
            group.cancelAll()
        }
    }

    private func makeTransport() throws -> HTTP2ServerTransport.Posix {
        try ServerTransport.make(
            configuration.address, tls: configuration.tls, largestRequest: configuration.largestRequest
        ) { config in
            config.http2.maxConcurrentStreams = 8
            config.http2.targetWindowSize = 1 << 20
        }
    }

    /// One child sleeps per wake-up; earlier ones that were overtaken find nothing to do.
    private func wakeLoop() async {
        await withDiscardingTaskGroup { group in
            for await moment in signals.wake.stream {
                group.addTask { [self] in
                    do { try await sleep(until: moment) } catch { return }  // The server drains.
                    wake()
                }
            }
            group.cancelAll()
        }
    }

    private func saveLoop() async throws {
        for await _ in signals.save.stream {
            try await ContinuousClock().sleep(for: Self.settlingTime)
            await save()
            try await ContinuousClock().sleep(for: configuration.saveInterval)
        }
    }

    private func save() async {
        guard let lastGood, let served = completeSet else { return }
        do {
            // The whole set is gone through there, too: under the lock it would hold up what is published meanwhile.
            try await NIOThreadPool.singleton.runIfActive { lastGood.save(LastGoodFile.encode(served.lastGoodSet)) }
        } catch {
            // Cancelled: this is the end of `run`, and nobody is kept waiting.
            lastGood.save(LastGoodFile.encode(served.lastGoodSet))
        }
    }
}
