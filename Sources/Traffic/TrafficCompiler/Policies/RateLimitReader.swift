import KubernetesModel
import TrafficPlan

/// What one RateLimitPolicy says, read without looking at any other object.
struct RateLimitClaims: Hashable, Sendable {
    var policy: PolicyClaims
    /// Those that can be read, each name once.
    var limits: [LimitClaim] = []
    /// Limits that cannot, by name.
    var broken: Set<String> = []
}

/// Reads a RateLimitPolicy. What is wrong with one limit leaves the others alone.
struct RateLimitReader {
    static let maxLimits = 64

    private var claims: RateLimitClaims
    private let origin: Origin
    private var names: Set<String> = []

    /// - Parameter last: what the policy said before; of a limit that has broken since, this stays in force.
    static func claims(
        of policy: RateLimitPolicy, last: RateLimitClaims?, operatorNamespaces: Set<String>?
    ) -> RateLimitClaims {
        var reader = RateLimitReader(policy, operatorNamespaces: operatorNamespaces)
        reader.read(policy.spec, last: last?.policy.uid == policy.metadata.uid ? last?.limits ?? [] : [])
        reader.claims.policy.faults.sort()
        return reader.claims
    }

    private init(_ policy: RateLimitPolicy, operatorNamespaces: Set<String>?) {
        let name = policy.objectName
        origin = Origin(kind: RateLimitPolicy.resource.kind, namespace: name.namespace, name: name.name)
        let targets = TargetReader(kinds: [.ingress, .service, .ingressClass], operatorNamespaces: operatorNamespaces)
        claims = RateLimitClaims(
            policy: PolicyClaims(
                seniority: Seniority(policy.metadata), uid: policy.metadata.uid,
                generation: policy.metadata.generation,
                targets: targets.claims(of: policy.spec.targetRefs, in: name.namespace)))
        if policy.spec.targetRefs.count > TargetReader.maxTargets {
            report("spec.targetRefs", "only the first \(TargetReader.maxTargets) entries count")
        }
    }

    private mutating func report(_ field: String, _ message: String) {
        claims.policy.faults.append(Diagnostic(.error, .invalidLimit, at: origin.at(field), message))
    }

    private mutating func read(_ spec: RateLimitPolicy.Spec, last: [LimitClaim]) {
        if spec.limits != nil, spec.defaults != nil {
            report("spec.limits", "it is short for defaults.limits and cannot stand beside defaults; move it there")
        }
        read(spec.overrides?.limits, field: "spec.overrides.limits", isOverride: true, last)
        read(spec.defaults?.limits, field: "spec.defaults.limits", isOverride: false, last)
        read(spec.limits, field: "spec.limits", isOverride: false, last)
        if spec.limits == nil, spec.defaults == nil, spec.overrides == nil {
            report("spec", "there are no limits; give limits, defaults or overrides")
        }
    }

    private mutating func read(
        _ limits: [RateLimitPolicy.Limit]?, field: String, isOverride: Bool, _ last: [LimitClaim]
    ) {
        for (index, limit) in (limits ?? []).enumerated() {
            let place = "\(field)[\(index)]"
            guard names.count < Self.maxLimits else {
                report(place, "only the first \(Self.maxLimits) limits of a policy hold")
                return
            }
            guard names.insert(limit.name).inserted else {
                report("\(place).name", "\(limit.name.clipped) stands twice; the first one holds")
                continue
            }
            read(limit, field: place, isOverride: isOverride, last)
        }
    }

    private mutating func read(
        _ limit: RateLimitPolicy.Limit, field: String, isOverride: Bool, _ last: [LimitClaim]
    ) {
        do throws(LimitFault) {
            let read = try LimitReader.limit(limit, of: claims.policy.name, origin: origin.at(field))
            claims.limits.append(LimitClaim(limit: read, isOverride: isOverride))
        } catch {
            let former = last.first { $0.limit.name.limit == limit.name }
            if let former { claims.limits.append(former) }
            claims.broken.insert(limit.name)
            let fate = former == nil ? "the limit does not hold" : "its last good form stays in force"
            report(error.field.isEmpty ? field : "\(field).\(error.field)", "\(error.message); \(fate)")
        }
    }
}
