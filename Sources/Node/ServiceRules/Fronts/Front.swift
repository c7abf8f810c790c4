package import NetTypes

/// What happens to a new connection to one front.
package struct Front: Hashable, Sendable {
    package var origin: FrontOrigin
    package var policy: FrontPolicy
    /// Seconds since the client's last connection; 0 without affinity.
    package var affinityTimeout: UInt32
    /// Where connections go, by slot. Clients from outside go to `near` instead where the policy is `.local`.
    package var wide: [SocketEndpoint]
    package var near: [SocketEndpoint]
    /// Said where `wide` is empty.
    package var refusal: Refusal
    /// `nil`: open to everyone.
    package var sources: [IPPrefix]?

    package init(
        origin: FrontOrigin, policy: FrontPolicy, affinityTimeout: UInt32 = 0, wide: [SocketEndpoint],
        near: [SocketEndpoint] = [], refusal: Refusal = .reject, sources: [IPPrefix]? = nil
    ) {
        self.origin = origin
        self.policy = policy
        self.affinityTimeout = affinityTimeout
        self.wide = wide
        self.near = near
        self.refusal = refusal
        self.sources = sources
    }

    /// Every endpoint that a connection may have been sent to.
    package var endpoints: Set<SocketEndpoint> { Set(wide).union(near) }
}

/// The part of a Service that a front comes from.
package struct FrontOrigin: Hashable, Sendable, CustomStringConvertible {
    package enum Role: String, Hashable, Sendable {
        case clusterIP = "ClusterIP"
        case externalIP = "externalIP"
        case loadBalancer = "load balancer"
        case nodePort = "NodePort"
    }

    package var service: ServiceID
    package var createdAt: Int64
    package var portName: String
    package var role: Role

    package init(service: ServiceID, createdAt: Int64, portName: String, role: Role) {
        self.service = service
        self.createdAt = createdAt
        self.portName = portName
        self.role = role
    }

    /// Who keeps a front that two Services claim: the older one, then the first by name.
    package func precedes(_ other: FrontOrigin) -> Bool {
        (createdAt, service) < (other.createdAt, other.service)
    }

    /// As kube-proxy writes it: `namespace/name:port`.
    package var description: String { portName.isEmpty ? "\(service)" : "\(service):\(portName)" }
}

package enum Refusal: String, Hashable, Sendable {
    /// The client is told at once (ICMP port unreachable).
    case reject
    /// Another node may answer, so this one is silent.
    case drop
}

/// Who is masqueraded, and who is sent to which endpoints.
package enum FrontPolicy: UInt32, Hashable, Sendable {
    /// A ClusterIP: pods keep their address, every other client is masqueraded.
    case `internal` = 1
    /// An outside address under the policy Cluster: everyone is masqueraded, since the answer must come back through this node.
    case external = 2
    /// An outside address under the policy Local: clients from outside keep their address and reach this node's endpoints only;
    /// pods and this node itself reach all, as if the packet had come back from the load balancer.
    case local = 3
}
