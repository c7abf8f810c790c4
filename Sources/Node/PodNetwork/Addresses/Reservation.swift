package import NetTypes

/// What one interface of one container holds, and why.
package struct Reservation: Sendable, Hashable {
    /// The way of a reservation: it only ever goes forward, and only `freed` gives addresses back.
    package enum State: String, Sendable {
        /// ADD is at work. After a crash whatever it made is undone.
        case reserved
        /// ADD has answered.
        case attached
        /// DEL has answered; the link may still exist, so the addresses are nobody else's yet.
        case releasing
    }

    package var key: AttachmentKey
    /// The network's name in the configuration.
    package var network: String
    package var state: State
    /// One for each family.
    package var addresses: [IPAddress]
    package var namespace: NamespaceReference
    package var pod: PodIdentity
    package var portMappings: [PortMapping]
    package var hardwareAddress: MACAddress
    package var mtu: Int
    /// Seconds since 1970 when it was made. For display only: nothing is decided by it, for clocks step.
    package var since: Int64
}

/// A pod's network namespace: where it was, and which one it was.
package struct NamespaceReference: Sendable, Hashable {
    package var path: String
    package var device: UInt64
    package var inode: UInt64

    package init(path: String, device: UInt64, inode: UInt64) {
        self.path = path
        self.device = device
        self.inode = inode
    }
}

/// What the runtime said about the pod. Empty for containers that are none.
package struct PodIdentity: Sendable, Hashable {
    package var namespace: String
    package var name: String
    package var uid: String

    package init(namespace: String = "", name: String = "", uid: String = "") {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }
}

/// Everything that ADD wants to have reserved.
package struct ReservationRequest: Sendable {
    package var key: AttachmentKey
    package var network: String
    package var namespace: NamespaceReference
    package var pod: PodIdentity
    /// Wanted addresses; families without one get the next free.
    package var addresses: [IPAddress]
    package var portMappings: [PortMapping]
    package var hardwareAddress: MACAddress
    package var mtu: Int
    package var now: Int64
}

/// Why there is no reservation.
package enum ReservationRefusal: Error, Sendable, Hashable {
    /// No pool at all: the node has no pod CIDR yet.
    case noPools
    /// `waiting` of the pool's addresses belong to pods that are going.
    case exhausted(IPPrefix, held: Int, waiting: Int)
    case outsidePools(IPAddress, [IPPrefix])
    case notForPods(IPAddress, IPPrefix)
    case addressTaken(IPAddress, by: AttachmentKey, state: Reservation.State)
    case twoOfOneFamily(IPAddress, IPAddress)
    case alreadyThere(AttachmentKey, Reservation.State)
    case hostPortTaken(PortMapping, by: AttachmentKey)
}
