import DiscoveryProtocol
import DiscoveryServer
import Logging
import Testing

struct `Those who follow a discovery server's status` {
    @Test func `come to an end when it drains, and so do those who begin later`() async {
        let server = DiscoveryServer(
            configuration: DiscoveryConfiguration(address: .tcp(host: "127.0.0.1", port: 0)),
            logger: Logger(label: "test"))
        var early = server.statuses().makeAsyncIterator()
        #expect(await early.next() == server.fleet)
        server.beginGracefulShutdown()
        #expect(await early.next() == nil)
        var late = server.statuses().makeAsyncIterator()
        #expect(await late.next() == server.fleet)
        #expect(await late.next() == nil)
    }
}
