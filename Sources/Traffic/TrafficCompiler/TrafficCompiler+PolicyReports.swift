import KubernetesModel
import TrafficPlan

extension TrafficCompiler {
    mutating func settlePolicyReport(_ name: PolicyName, into result: inout Compilation) {
        let new =
            name.kind == RateLimitPolicy.resource.kind
            ? rateLimitClaims[name.name].map { report(on: $0) } : clientClaims[name.name].map { report(on: $0) }
        guard policyReports[name] != new else { return }
        policyReports[name] = new
        result.policies.updateValue(new, forKey: name)
    }

    private func report(on claims: RateLimitClaims) -> PolicyReport {
        report(kind: RateLimitPolicy.resource.kind, claims.policy) { target, ancestor in
            let own = Set(claims.limits.map(\.limit.name))
            let conflicts = limitTable.attachments[target]?.conflicts.filter { own.contains($0.name) } ?? []
            ancestor.conflicted = Self.words(for: conflicts)
            ancestor.overridden = Self.words(for: limitTable.losses(of: claims.policy.name, at: target))
            let isBeaten = !own.isEmpty && own.isSubset(of: conflicts.map(\.name))
            ancestor.isInForce = !own.isEmpty && !isBeaten
            if isBeaten, ancestor.accepted.holds, let words = ancestor.conflicted {
                ancestor.accepted = .init(holds: false, reason: .conflicted, message: words)
            }
        }
    }

    private func report(on claims: ClientClaims) -> PolicyReport {
        report(kind: ClientPolicy.resource.kind, claims.policy) { _, ancestor in
            ancestor.isInForce = clientHolder == claims.policy.name
            guard claims.settings != nil, let clientHolder, clientHolder != claims.policy.name else { return }
            let words = "ClientPolicy \(clientHolder) is older and holds for the whole gateway"
            ancestor.conflicted = words
            if ancestor.accepted.holds {
                ancestor.accepted = .init(holds: false, reason: .conflicted, message: words)
            }
        }
    }

    /// What is the same for every kind of policy.
    /// - Parameter finish: what the kind has to say about a target that is there.
    private func report(
        kind: String, _ policy: PolicyClaims, finish: (PolicyTarget, inout PolicyReport.Ancestor) -> Void
    ) -> PolicyReport {
        let origin = Origin(kind: kind, namespace: policy.name.namespace, name: policy.name.name)
        var diagnostics = policy.faults
        let ancestors = policy.targets.map { claim in
            var ancestor = ancestor(for: claim, of: policy)
            if let target = claim.target, ancestor.resolvedRefs.holds { finish(target, &ancestor) }
            let place = origin.at(claim.field)
            switch ancestor.accepted.reason {
            case .refNotPermitted, .targetNotFound:
                diagnostics.append(Diagnostic(.error, .policyTarget, at: place, ancestor.accepted.message))
            case .invalid where claim.fault != nil:
                diagnostics.append(Diagnostic(.error, .policyTarget, at: place, ancestor.accepted.message))
            default: break
            }
            if let words = ancestor.conflicted {
                diagnostics.append(Diagnostic(.warning, .policyConflict, at: place, words))
            }
            return ancestor
        }
        return PolicyReport(
            uid: policy.uid, generation: policy.generation, ancestors: ancestors,
            diagnostics: Array(Set(diagnostics).sorted().prefix(IngressReport.maxDiagnostics)))
    }

    private func ancestor(for claim: TargetClaim, of policy: PolicyClaims) -> PolicyReport.Ancestor {
        var ancestor = PolicyReport.Ancestor(
            target: claim.reference, accepted: .init(holds: true, reason: .accepted, message: ""),
            resolvedRefs: .init(holds: true, reason: .resolvedRefs, message: ""), isInForce: false)
        if let fault = claim.fault {
            ancestor.accepted = .init(holds: false, reason: fault.reason, message: fault.message)
            ancestor.resolvedRefs = ancestor.accepted
        } else if let absence = claim.target.flatMap({ self.absence(of: $0) }) {
            ancestor.accepted = .init(holds: false, reason: .targetNotFound, message: absence)
            ancestor.resolvedRefs = ancestor.accepted
        } else if !policy.faults.isEmpty {
            ancestor.accepted = .init(holds: false, reason: .invalid, message: Self.words(for: policy.faults))
        } else if let target = claim.target, target.kind == .service, index.ingressesOfService[target.name] == nil {
            ancestor.accepted.message = "no route leads to \(target.object) yet"
        }
        return ancestor
    }

    private static func words(for faults: [Diagnostic]) -> String {
        let told = faults.prefix(5).map { "\($0.origin.field): \($0.message)" }
        return told.joined(separator: ". ") + (faults.count > 5 ? ", and \(faults.count - 5) more" : "")
    }

    /// `nil` where nothing is replaced.
    private static func words(for replaced: [ReplacedLimit]) -> String? {
        guard !replaced.isEmpty else { return nil }
        let told = Set(replaced).sorted().prefix(10).map { replaced in
            let other = "RateLimitPolicy \(replaced.by.namespace)/\(replaced.by.policy)"
            return switch replaced.reason {
            case .narrower: "\(other) replaces limit \(replaced.name.limit) for a narrower target"
            case .override: "\(other) overrides limit \(replaced.name.limit) from a wider target"
            case .older: "\(other) is older and holds limit \(replaced.name.limit) at this target"
            case .answer:
                "limit \(replaced.name.limit) is answered as limit \(replaced.by.limit) of \(other): "
                    + "a proxy has one answer for its own limits of a route"
            }
        }
        return told.joined(separator: "; ")
    }
}
