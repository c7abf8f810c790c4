package import NetTypes

/// What a client connects to: one address, protocol and port that a Service answers on this node.
package struct FrontKey: Hashable, Sendable, Comparable {
    package var address: IPAddress
    package var `protocol`: TransportProtocol
    package var port: UInt16

    package init(address: IPAddress, protocol: TransportProtocol, port: UInt16) {
        self.address = address
        self.protocol = `protocol`
        self.port = port
    }

    package static func < (a: FrontKey, b: FrontKey) -> Bool {
        (a.address, a.protocol, a.port) < (b.address, b.protocol, b.port)
    }
}

extension FrontKey: CustomStringConvertible {
    package var description: String { "\(SocketEndpoint(address: address, port: port))/\(self.protocol)" }
}
