import KubernetesModel
import TrafficPlan

/// What every policy has, whatever it says: its age, and what it wants to be attached to.
struct PolicyClaims: Hashable, Sendable {
    var seniority: Seniority
    var uid: String?
    var generation: Int64?
    var targets: [TargetClaim]
    /// What is wrong with what it says; the rest of it holds.
    var faults: [Diagnostic] = []

    var name: ObjectName { seniority.name }

    /// What it is attached to if all that exists, each once.
    var attached: Set<PolicyTarget> { Set(targets.compactMap(\.target)) }
}

/// One of a policy's `targetRefs`.
struct TargetClaim: Hashable, Sendable {
    var reference: PolicyTargetReference
    var field: String
    /// Why nothing can be attached there whatever exists.
    var fault: Fault?
    /// `nil` with a fault.
    var target: PolicyTarget?

    struct Fault: Error, Hashable, Sendable {
        /// Of the condition `Accepted`.
        var reason: PolicyReason
        var message: String
    }
}

/// Reads `targetRefs`, for every kind of policy.
struct TargetReader {
    static let maxTargets = 16

    /// What this kind of policy can be attached to.
    var kinds: [PolicyTarget.Kind]
    /// Only policies of these namespaces may be attached to an IngressClass, for that is the whole gateway; `nil`: all.
    var operatorNamespaces: Set<String>?

    func claims(of references: [PolicyTargetReference], in namespace: String) -> [TargetClaim] {
        var seen: Set<PolicyTarget> = []
        return references.prefix(Self.maxTargets).enumerated().map { index, reference in
            var claim = TargetClaim(reference: reference, field: "spec.targetRefs[\(index)]")
            do throws(TargetClaim.Fault) {
                let target = try target(of: reference, in: namespace)
                guard seen.insert(target).inserted else {
                    throw TargetClaim.Fault(reason: .invalid, message: "\(target) is already named by an earlier entry")
                }
                claim.target = target
            } catch {
                claim.fault = error
            }
            return claim
        }
    }

    private func target(
        of reference: PolicyTargetReference, in namespace: String
    ) throws(TargetClaim.Fault) -> PolicyTarget {
        guard let kind = kinds.first(where: { $0.rawValue == reference.kind && $0.group == reference.group }) else {
            let known = kinds.map { "\($0.rawValue)\($0.group.isEmpty ? "" : " of \($0.group)")" }
            let group = reference.group.isEmpty ? "" : " of \(reference.group.clipped)"
            throw TargetClaim.Fault(
                reason: .invalid,
                message: "\(reference.kind.clipped)\(group) takes no such policy; name \(known.joined(separator: ", "))"
            )
        }
        guard !reference.name.isEmpty, reference.name.utf8.count <= 253 else {
            throw TargetClaim.Fault(reason: .invalid, message: "the name is empty or longer than 253 bytes")
        }
        let section = reference.sectionName.flatMap { $0.isEmpty ? nil : $0 }
        guard section == nil || kind == .service else {
            throw TargetClaim.Fault(
                reason: .invalid, message: "no part of an \(kind.rawValue) has a name; leave sectionName out")
        }
        guard kind == .ingressClass else {
            return PolicyTarget(
                kind: kind, name: ObjectName(namespace: namespace, name: reference.name), section: section)
        }
        if let operatorNamespaces, !operatorNamespaces.contains(namespace) {
            throw TargetClaim.Fault(
                reason: .refNotPermitted,
                message: "only policies in namespace \(operatorNamespaces.sorted().joined(separator: " or ")) may be "
                    + "attached to an IngressClass, which is the whole gateway")
        }
        return PolicyTarget(kind: kind, name: ObjectName(name: reference.name))
    }
}

extension PolicyTarget.Kind {
    var group: String {
        switch self {
        case .ingressClass, .ingress: "networking.k8s.io"
        case .service: ""
        }
    }
}
