/// How far one proxy has come.
package struct ProxyStatus: Hashable, Sendable {
    package struct TypeStatus: Hashable, Sendable {
        /// How many resources it holds, what is in flight included.
        package var held = 0
        package var pending = 0
        package var isAwaitingAnswer = false
        /// Envoy's words about the latest response of this type, if it refused it.
        package var refusal: String?
    }

    package var id: SessionID
    /// `nil` until its first request.
    package var node: NodeIdentity?
    /// When it connected, since the server's start.
    package var connectedAt: Duration
    /// The newest change of which, and before which, it has acknowledged everything.
    package var applied: Generation
    package var types: [ResourceType: TypeStatus]
}

/// How far all connected proxies have come, and what is not served as wanted.
package struct FleetStatus: Hashable, Sendable {
    /// The newest published change.
    package var generation: Generation
    /// Whether the wanted set is complete; before, proxies are served the persisted set, or wait.
    package var isSynced: Bool
    package var proxies: [ProxyStatus]
    package var rejections: [Rejection]

    package static let empty = FleetStatus(generation: .none, isSynced: false, proxies: [], rejections: [])

    /// How many proxies hold this change.
    package func count(holding generation: Generation) -> Int {
        proxies.count { $0.applied >= generation }
    }

    /// Whether the set is complete and every connected proxy, at least one, holds its current version.
    package var isCurrent: Bool {
        isSynced && !proxies.isEmpty && count(holding: generation) == proxies.count
    }
}

/// One stream of one proxy; never used twice.
package struct SessionID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) {
        self.number = number
    }

    package var description: String { String(number) }

    package static func < (left: SessionID, right: SessionID) -> Bool { left.number < right.number }
}
