import KubernetesModel
import TrafficCompiler

/// A policy's conditions at one of its targets, as they should stand in its status.
struct PolicyConditions {
    /// How far the plan that holds the policy has come.
    enum Progress: Hashable {
        case pending
        case acknowledged(proxies: Int)
        /// With the words of whoever refused.
        case refused(String)
    }

    /// An API server takes no longer messages.
    private static let longestMessage = 1024

    let generation: Int64?
    let progress: Progress
    /// Now, as the time of a condition that changes.
    let now: Timestamp

    /// - Parameter former: as they stand; a condition that stays as it is keeps its time.
    func conditions(of ancestor: PolicyReport.Ancestor, former: [Condition]) -> [Condition] {
        var conditions = [
            condition("Accepted", ancestor.accepted, former), condition("ResolvedRefs", ancestor.resolvedRefs, former),
            programmed(ancestor, former),
        ]
        if let words = ancestor.conflicted {
            conditions.append(condition("Conflicted", true, "OlderPolicy", words, former))
        }
        if let words = ancestor.overridden {
            conditions.append(condition("Overridden", true, "OtherPolicy", words, former))
        }
        return conditions
    }

    private func programmed(_ ancestor: PolicyReport.Ancestor, _ former: [Condition]) -> Condition {
        guard ancestor.isInForce else {
            return condition(
                "Programmed", false, ancestor.accepted.reason.rawValue, "nothing of it is in force", former)
        }
        switch progress {
        case .pending: return condition("Programmed", false, "Pending", "no proxy has acknowledged it yet", former)
        case .refused(let words): return condition("Programmed", false, "Refused", words, former)
        case .acknowledged(let proxies):
            let count = "\(proxies) \(proxies == 1 ? "proxy" : "proxies")"
            return condition("Programmed", true, "Programmed", "acknowledged by \(count)", former)
        }
    }

    private func condition(_ type: String, _ finding: PolicyReport.Finding, _ former: [Condition]) -> Condition {
        condition(type, finding.holds, finding.reason.rawValue, finding.message, former)
    }

    private func condition(
        _ type: String, _ holds: Bool, _ reason: String, _ message: String, _ former: [Condition]
    ) -> Condition {
        let status = holds ? "True" : "False"
        let old = former.first { $0.type == type && $0.status == status }
        let clipped = message.utf8.count <= Self.longestMessage ? message : String(message.prefix(250)) + "…"
        return Condition(
            type: type, status: status, observedGeneration: generation,
            lastTransitionTime: old?.lastTransitionTime ?? now, reason: reason, message: clipped)
    }
}
