import KubernetesModel

/// An object, or a named part of one, that policies are attached to.
struct PolicyTarget: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case ingressClass = "IngressClass"
        case ingress = "Ingress"
        case service = "Service"
    }

    var kind: Kind
    /// Without a namespace for an IngressClass.
    var name: ObjectName
    /// The name of a Service's port.
    var section: String?

    /// The object without the part.
    var object: PolicyTarget { PolicyTarget(kind: kind, name: name) }
}

extension PolicyTarget: CustomStringConvertible {
    var description: String { "\(kind.rawValue) \(name)\(section.map { " port \($0)" } ?? "")" }
}

/// Everything that a policy for a route can be attached to, the widest first; where policies of two clash, this order
/// decides.
///
/// It is GEP-713's: the gateway (here an IngressClass), then the route (here an Ingress), then the Service that it leads
/// to, as a request passes them, then the Service's port. An Ingress and a Service may each lead to several of the
/// other, so neither contains the other; the Service stands nearer to the end of the way, and what its owners say of it
/// holds wherever requests come from. Named rules of routes, when they come, stand last: nothing is narrower.
typealias PolicyLineage = [PolicyTarget]

extension IngressClaims {
    /// - Parameter port: the name of the Service's port; `nil` where it has none or is not known.
    func lineage(of backend: BackendClaim, port: String?) -> PolicyLineage {
        var lineage: PolicyLineage = []
        if let className { lineage.append(PolicyTarget(kind: .ingressClass, name: ObjectName(name: className))) }
        lineage.append(PolicyTarget(kind: .ingress, name: name))
        guard let service = backend.service else { return lineage }
        lineage.append(PolicyTarget(kind: .service, name: service))
        if let port, !port.isEmpty { lineage.append(PolicyTarget(kind: .service, name: service, section: port)) }
        return lineage
    }
}
