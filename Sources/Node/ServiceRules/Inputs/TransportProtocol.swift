/// The protocols that a Service port can have, by their IANA numbers.
package enum TransportProtocol: UInt8, Hashable, Sendable, Comparable, CaseIterable {
    case tcp = 6
    case udp = 17
    case sctp = 132

    /// `nil` for a protocol that no Service can have; no name means TCP.
    package init?(name: String?) {
        switch name ?? "TCP" {
        case "TCP": self = .tcp
        case "UDP": self = .udp
        case "SCTP": self = .sctp
        default: return nil
        }
    }

    package static func < (a: TransportProtocol, b: TransportProtocol) -> Bool { a.rawValue < b.rawValue }

    /// Whether the kernel keeps a flow of it alive by packets alone, so that one that points at a gone endpoint stays for ever
    /// under a steady sender.
    package var hasLingeringFlows: Bool { self != .tcp }
}

extension TransportProtocol: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp: "TCP"
        case .udp: "UDP"
        case .sctp: "SCTP"
        }
    }
}
