/// An address and a port, as in `127.0.0.1:8080` or `[::1]:8080`.
package struct SocketEndpoint: Hashable, Sendable, Comparable {
    package var address: IPAddress
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    package static func < (a: SocketEndpoint, b: SocketEndpoint) -> Bool {
        a.address == b.address ? a.port < b.port : a.address < b.address
    }
}

extension SocketEndpoint: CustomStringConvertible {
    package var description: String {
        address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
