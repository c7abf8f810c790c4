import NetTypes
package import TrafficPlan

/// What the compiler is told once, by the command and not by the cluster.
package struct CompilerSettings: Hashable, Sendable {
    /// IngressClasses whose `spec.controller` is this one are ours.
    package var controllerName = "fairway.dev/ingress-controller"
    /// Values of the legacy annotation `kubernetes.io/ingress.class` that mean us even where no IngressClass of that
    /// name exists, as it was before there were IngressClasses.
    package var legacyClassNames: Set<String> = ["fairway"]
    /// Serve Ingresses that name no class when the cluster has no default class.
    package var watchesWithoutClass = false
    /// Only policies of these namespaces may be attached to an IngressClass, which is the whole gateway; `nil`: all.
    package var operatorNamespaces: Set<String>?
    package var listeners: [Listener]
    /// For hosts that brought no certificate, or none that can be served.
    package var defaultCertificate: Certificate?
    /// The port that redirects to `https` name, as clients see it.
    package var httpsPort: UInt16

    /// - Parameter httpsPort: `nil` for the port of the first listener with TLS, else 443.
    package init(listeners: [Listener], defaultCertificate: Certificate?, httpsPort: UInt16? = nil) {
        self.listeners = listeners
        self.defaultCertificate = defaultCertificate
        self.httpsPort = httpsPort ?? listeners.first { $0.transport == .tls }?.bind.port ?? 443
    }
}
