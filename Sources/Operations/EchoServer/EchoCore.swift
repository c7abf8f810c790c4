import NIOCore
import Synchronization

/// What all connections of a server share.
final class EchoCore: Sendable {
    let identityName: String
    let identityJSON: ByteBuffer
    let longestBodyText: Int
    let connections = OpenConnections()
    private let requests = Atomic<Int>(0)
    private let connectionCount = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)
    private let draining = Atomic<Bool>(false)

    init(_ configuration: EchoConfiguration) {
        identityName = configuration.identity.name
        identityJSON = EchoDocument.identity(configuration.identity)
        longestBodyText = configuration.longestBodyText
    }

    var requestCount: Int { requests.load(ordering: .relaxed) }

    func countRequest() { requests.wrappingAdd(1, ordering: .relaxed) }

    /// Health checks fail, all else goes on.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    func beginStopping() { stopping.store(true, ordering: .relaxed) }

    /// Connections are closed after the request they are at.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func beginDraining() { draining.store(true, ordering: .relaxed) }

    func connection(of channel: any Channel, tls: EchoConnection.TLS?) -> EchoConnection {
        EchoConnection(
            id: connectionCount.wrappingAdd(1, ordering: .relaxed).newValue,
            remoteAddress: Self.text(channel.remoteAddress), localAddress: Self.text(channel.localAddress), tls: tls)
    }

    private static func text(_ address: SocketAddress?) -> String {
        guard let address, let ip = address.ipAddress, let port = address.port else { return "" }
        return ip.utf8.contains(UInt8(ascii: ":")) ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

/// The clients' connections that are open now.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var count: Int { channels.withLock { $0.count } }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        channels.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { _ in
            _ = self.channels.withLock { $0.removeValue(forKey: id) }
        }
    }

    /// Idle ones close, others after the request they are at.
    func drain() {
        for channel in all { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    func close() {
        for channel in all { channel.close(promise: nil) }
    }

    private var all: [any Channel] { channels.withLock { Array($0.values) } }
}
