import KubernetesModel
import TrafficPlan

/// Who depends on whom. Only Ingresses of ours, and what they refer to, stand here.
struct DependencyIndex: Sendable {
    /// Every Ingress, ours or not, by how it says whose it is.
    var ingressesOfReference: [IngressOwnership.Reference: Set<ObjectName>] = [:]
    var ingressesOfHost: [Hostname: Set<ObjectName>] = [:]
    var ingressesOfService: [ObjectName: Set<ObjectName>] = [:]
    var ingressesOfSecret: [ObjectName: Set<ObjectName>] = [:]
    var ingressesOfCertificate: [Hostname: Set<ObjectName>] = [:]
    /// Services whose annotation names the Secret.
    var servicesOfSecret: [ObjectName: Set<ObjectName>] = [:]
    var hostsOfBackend: [BackendName: Int] = [:]
    var backendsOfService: [ObjectName: Set<BackendName>] = [:]
    /// Ingresses without rules, whose `defaultBackend` is for every host.
    var globalDefaults: Set<ObjectName> = []
    var policiesOfTarget: [PolicyTarget: Set<PolicyName>] = [:]
    /// By the target's object, whichever part of it they name.
    var policiesOfObject: [PolicyTarget: Set<PolicyName>] = [:]
}

extension Dictionary {
    /// Adds to the set at `key`.
    mutating func link<Element>(_ element: Element, to key: Key) where Value == Set<Element> {
        self[key, default: []].insert(element)
    }

    /// Takes from the set at `key`, and lets go of an empty one.
    mutating func unlink<Element>(_ element: Element, from key: Key) where Value == Set<Element> {
        self[key]?.remove(element)
        if self[key]?.isEmpty == true { self[key] = nil }
    }
}

/// Units that have to be computed again.
struct StaleUnits: Sendable {
    /// The default certificate, which never changes.
    var fixed = true
    /// The listeners, of which a ClientPolicy may have changed something.
    var listeners = true
    /// As they are now; `nil` for one that is gone.
    var rateLimitPolicies: [ObjectName: RateLimitPolicy?] = [:]
    var clientPolicies: [ObjectName: ClientPolicy?] = [:]
    var ingresses: Set<ObjectName> = []
    var services: Set<ObjectName> = []
    var secrets: Set<ObjectName> = []
    /// Some Ingress no longer names them; what none does is forgotten.
    var releasedSecrets: Set<ObjectName> = []
    var defaultRoute = false
    var hosts: Set<Hostname> = []
    var backends: Set<BackendName> = []
    var endpoints: Set<BackendName> = []
    /// Ingresses whose certificates have to be judged again.
    var certificateUses: Set<ObjectName> = []
    var certificates: Set<Hostname> = []
    var reports: Set<ObjectName> = []
    var policyReports: Set<PolicyName> = []
}
