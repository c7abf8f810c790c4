package import KubernetesModel
package import TrafficPlan

/// What a controller needs to know besides the cluster.
package struct ControllerConfiguration: Sendable {
    /// An IngressClass is ours when its `spec.controller` says this.
    package static let controllerName = "fairway.dev/ingress-controller"

    package var listeners: [Listener]
    /// Answers for every server name that no Ingress brings a certificate for.
    package var defaultCertificate: Certificate
    /// Written to `status.loadBalancer` of each Ingress that is served.
    package var publishedAddresses: [Ingress.Status.Point]
    /// Names this replica in leases and events.
    package var identity: String
    /// Where leader election keeps its Lease.
    package var leaseNamespace: String
    /// Only policies of these namespaces may be attached to an IngressClass; `nil`: all.
    package var operatorNamespaces: Set<String>?

    package init(
        listeners: [Listener], defaultCertificate: Certificate, publishedAddresses: [Ingress.Status.Point],
        identity: String, leaseNamespace: String, operatorNamespaces: Set<String>? = nil
    ) {
        self.listeners = listeners
        self.defaultCertificate = defaultCertificate
        self.publishedAddresses = publishedAddresses
        self.identity = identity
        self.leaseNamespace = leaseNamespace
        self.operatorNamespaces = operatorNamespaces
    }
}
