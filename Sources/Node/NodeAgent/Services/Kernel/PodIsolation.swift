/// What a pod's entries in the policy maps say, until a policy engine writes finer ones.
package struct PodIsolation: Hashable, Sendable {
    package enum Access: Hashable, Sendable {
        case open
        case closed
    }

    /// Who may reach the pod.
    package var ingress: Access
    /// What the pod may reach.
    package var egress: Access

    package init(ingress: Access = .open, egress: Access = .open) {
        self.ingress = ingress
        self.egress = egress
    }

    package static let open = PodIsolation()
    package static let closed = PodIsolation(ingress: .closed, egress: .closed)
}
