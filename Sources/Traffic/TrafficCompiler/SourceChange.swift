package import KubernetesModel

/// One object of the cluster as it is now; `nil` means that it is gone.
package enum SourceChange: Hashable, Sendable {
    case ingress(ObjectName, Ingress?)
    case ingressClass(ObjectName, IngressClass?)
    case service(ObjectName, Service?)
    case endpointSlice(ObjectName, EndpointSlice?)
    case secret(ObjectName, Secret?)
    case rateLimitPolicy(ObjectName, RateLimitPolicy?)
    case clientPolicy(ObjectName, ClientPolicy?)
}
