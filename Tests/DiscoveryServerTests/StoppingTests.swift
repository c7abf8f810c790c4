import DiscoveryProtocol
import DiscoveryServer
import Logging
import TestSupport
import Testing

@Suite struct `A discovery server that stops` {
    @Test func `ends the streams of those who watch its status`() async throws {
        try await withTemporaryDirectory { directory in
            let server = DiscoveryServer(
                configuration: DiscoveryConfiguration(address: .unixSocket(path: directory + "/xds.sock")),
                logger: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                let early = server.statuses()
                group.addTask { for await _ in early {} }
                server.beginGracefulShutdown()
                try await group.waitForAll()
            }
            var late = 0
            for await _ in server.statuses() { late += 1 }
            #expect(late == 1)
        }
    }
}
