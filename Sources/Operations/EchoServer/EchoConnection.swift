import Synchronization

/// What is known of a client's connection; its HTTP/2 streams share it.
final class EchoConnection: Sendable {
    struct TLS: Equatable, Sendable {
        var version: String?
        var sni: String?
        var alpn: String?
    }

    let id: Int
    let remoteAddress: String
    let localAddress: String
    let tls: TLS?
    private let requests = Atomic<Int>(0)

    init(id: Int, remoteAddress: String, localAddress: String, tls: TLS?) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.localAddress = localAddress
        self.tls = tls
    }

    /// Which request of this connection the new one is, from 1.
    func countRequest() -> Int { requests.wrappingAdd(1, ordering: .relaxed).newValue }
}
