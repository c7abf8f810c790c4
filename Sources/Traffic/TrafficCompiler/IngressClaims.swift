import KubernetesModel
import TrafficPlan

/// What one Ingress asks for, read without looking at any other object.
struct IngressClaims: Hashable, Sendable {
    var seniority: Seniority
    var uid: String?
    var generation: Int64?
    /// The IngressClass that made it ours; `nil` where none did.
    var className: String?
    var hosts: [Hostname: HostClaim] = [:]
    /// Of an Ingress without rules: for every request that nothing else matches.
    var globalDefault: BackendClaim?
    var certificates: [CertificateClaim] = []
    var diagnostics: [Diagnostic] = []

    var name: ObjectName { seniority.name }
    var origin: Origin { Origin(kind: "Ingress", namespace: name.namespace, name: name.name) }

    /// Every Service it names.
    var services: Set<ObjectName> {
        var claims = hosts.values.flatMap { host in host.paths.map(\.backend) + (host.fallback.map { [$0] } ?? []) }
        if let globalDefault { claims.append(globalDefault) }
        return Set(claims.compactMap(\.service))
    }

    var secrets: Set<ObjectName> { Set(certificates.map(\.secret)) }
}

/// What an Ingress asks for on one host.
struct HostClaim: Hashable, Sendable {
    var paths: [PathClaim] = []
    /// Its `defaultBackend`, for what no path of the host matches.
    var fallback: BackendClaim?
    /// `nil` where the annotation is absent.
    var requiresTLS: Bool?
}

struct PathClaim: Hashable, Sendable {
    var match: RouteMatch.Path
    var backend: BackendClaim
    /// Stands after all others: an error answer for a rule that cannot be read, which must not shadow one that can.
    var isLastResort = false
}

/// A backend as an Ingress names it.
struct BackendClaim: Hashable, Sendable {
    enum Target: Hashable, Sendable {
        case service(ObjectName, PortReference)
        /// Known to be wrong already; answered with an error.
        case refused(status: UInt16, body: String)
    }

    var target: Target
    var timeouts = RouteTimeouts()
    var origin: Origin

    var service: ObjectName? {
        if case .service(let name, _) = target { name } else { nil }
    }
}

enum PortReference: Hashable, Sendable, CustomStringConvertible {
    case number(UInt16)
    case name(String)

    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .name(let name): "\"\(name)\""
        }
    }
}

/// An entry of `spec.tls` that names a Secret.
struct CertificateClaim: Hashable, Sendable {
    /// Empty where the entry lists none: the certificate's own names count.
    var hosts: [Hostname]
    var listsHosts: Bool
    var secret: ObjectName
    var origin: Origin
}
