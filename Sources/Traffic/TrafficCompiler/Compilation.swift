package import KubernetesModel
package import TrafficPlan

/// What a batch of changes led to.
package struct Compilation: Hashable, Sendable {
    /// Only units that differ.
    package var change = PlanChange()
    /// Only Ingresses whose report differs; `nil` where one is no longer ours.
    package var reports: [ObjectName: IngressReport?] = [:]
    /// Only policies whose report differs; `nil` where one is gone.
    package var policies: [PolicyName: PolicyReport?] = [:]
    package var recompiled = Recompiled()

    package init() {}

    /// How many units were computed, whether or not they came out different.
    package struct Recompiled: Hashable, Sendable {
        package var ingresses = 0
        package var virtualHosts = 0
        package var backends = 0
        package var endpointSets = 0
        package var certificates = 0
        package var reports = 0
        package var policies = 0

        package init() {}
    }
}

/// What became of one Ingress of ours.
package struct IngressReport: Hashable, Sendable {
    package var uid: String?
    package var generation: Int64?
    /// Sorted; what the Ingress has a say in.
    package var hosts: [Hostname]
    /// Routes of the plan that come from it, error answers among them, counted once for each host.
    package var routes: Int
    /// Something of it is served.
    package var accepted: Bool
    /// Sorted, without duplicates, at most `maxDiagnostics`.
    package var diagnostics: [Diagnostic]

    package static let maxDiagnostics = 50
}
