package import KubernetesModel
import TLSMaterial
package import TrafficPlan

/// Ingresses and what they refer to, compiled into a plan; a change costs what it touches.
///
/// Units are compiled apart: an Ingress's claims, a Service, a Secret, and of the plan a virtual host, a backend, an
/// endpoint set, a certificate; and each Ingress's report. `apply` notes which units a change makes stale by an index of
/// who depends on whom, computes those again in that order, and says what came out different. Compiling everything
/// afresh gives the same plan, with one exception that is meant: a TLS Secret that breaks or goes while an Ingress
/// names it is served as it last was good, and so is a part of a policy that breaks.
package struct TrafficCompiler: Sendable {
    let settings: CompilerSettings
    package private(set) var plan = GatewayPlan()

    // The objects as they are.
    var ownership: IngressOwnership
    var ingresses: [ObjectName: Ingress] = [:]
    var services: [ObjectName: Service] = [:]
    var slices: [ObjectName: [ObjectName: EndpointSlice]] = [:]
    var serviceOfSlice: [ObjectName: ObjectName] = [:]
    var secrets: [ObjectName: SecretUnit] = [:]

    // What was compiled of them; only for Ingresses of ours and what they refer to.
    var claims: [ObjectName: IngressClaims] = [:]
    var serviceUnits: [ObjectName: ServiceUnit] = [:]
    var hostUnits: [Hostname: HostUnit] = [:]
    var sources: [ObjectName: CertificateSource] = [:]
    var certificateUses: [ObjectName: CertificateUses] = [:]
    var certificateUnits: [Hostname: CertificateUnit] = [:]
    var endpointDiagnostics: [BackendName: [Diagnostic]] = [:]
    var defaultRoute: DefaultRoute?
    var reports: [ObjectName: IngressReport] = [:]
    var rateLimitClaims: [ObjectName: RateLimitClaims] = [:]
    var clientClaims: [ObjectName: ClientClaims] = [:]
    /// The ClientPolicy that holds.
    var clientHolder: ObjectName?
    var limitTable = LimitTable()
    var policyReports: [PolicyName: PolicyReport] = [:]

    var index = DependencyIndex()
    var stale = StaleUnits()
    /// Seconds since 1970 at which some certificate's warnings change by themselves.
    var nextDeadline: Int64?

    package init(settings: CompilerSettings) {
        self.settings = settings
        ownership = IngressOwnership(
            controllerName: settings.controllerName, legacyClassNames: settings.legacyClassNames,
            watchesWithoutClass: settings.watchesWithoutClass)
    }

    /// Takes changes in and compiles what they touch.
    ///
    /// The first call also gives the listeners and the default certificate. An object's last change in a batch counts.
    /// - Parameter now: judges certificates' dates. A call without changes tells of those that passed since the last.
    package mutating func apply(_ changes: [SourceChange], now: Timestamp) -> Compilation {
        var result = Compilation()
        for change in changes { take(change) }
        settle(now: now.secondsSinceEpoch, into: &result)
        return result
    }

    /// The Ingresses of ours that an object of the plan serves: the one it is, or those that refer to it.
    package func ingresses(affectedBy origin: Origin) -> [ObjectName] {
        let name = ObjectName(namespace: origin.namespace, name: origin.name)
        let affected: Set<ObjectName> =
            switch origin.kind {
            case "Ingress": claims[name] == nil ? [] : [name]
            case "Service": index.ingressesOfService[name] ?? []
            case "EndpointSlice": serviceOfSlice[name].flatMap { index.ingressesOfService[$0] } ?? []
            case "Secret":
                (index.servicesOfSecret[name] ?? []).reduce(into: index.ingressesOfSecret[name] ?? []) {
                    $0.formUnion(index.ingressesOfService[$1] ?? [])
                }
            default: []
            }
        return affected.sorted()
    }

    /// The policy that a part of the plan comes from; `nil` where it comes from none.
    package func policy(named origin: Origin) -> PolicyName? {
        let name = PolicyName(
            kind: origin.kind, name: ObjectName(namespace: origin.namespace, name: origin.name))
        return policyReports[name] == nil ? nil : name
    }

    /// What is known now about every Ingress of ours.
    package var allReports: [ObjectName: IngressReport] { reports }

    /// What is known now about every policy.
    package var allPolicyReports: [PolicyName: PolicyReport] { policyReports }

    /// Notes a part of the plan that came out different, here and for the caller.
    mutating func publish<Key, Value: Equatable>(
        _ value: Value?, at key: Key, plan part: WritableKeyPath<GatewayPlan, [Key: Value]>,
        change: WritableKeyPath<PlanChange, [Key: Value?]>, into result: inout Compilation
    ) {
        guard plan[keyPath: part][key] != value else { return }
        plan[keyPath: part][key] = value
        result.change[keyPath: change].updateValue(value, forKey: key)
    }
}
