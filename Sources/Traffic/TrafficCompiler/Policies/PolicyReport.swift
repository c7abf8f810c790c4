package import KubernetesModel

/// A policy of any kind.
package struct PolicyName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// As in `RateLimitPolicy`.
    package var kind: String
    package var name: ObjectName

    package init(kind: String, name: ObjectName) {
        self.kind = kind
        self.name = name
    }

    package var description: String { "\(kind) \(name)" }

    package static func < (a: PolicyName, b: PolicyName) -> Bool {
        a.kind == b.kind ? a.name < b.name : a.kind < b.kind
    }
}

/// A condition's `reason`: GEP-713's where it has one.
package enum PolicyReason: String, Hashable, Sendable {
    case accepted = "Accepted"
    case conflicted = "Conflicted"
    case invalid = "Invalid"
    case refNotPermitted = "RefNotPermitted"
    case resolvedRefs = "ResolvedRefs"
    case targetNotFound = "TargetNotFound"
}

/// What became of one policy.
package struct PolicyReport: Hashable, Sendable {
    /// A condition and why it is as it is.
    package struct Finding: Hashable, Sendable {
        package var holds: Bool
        package var reason: PolicyReason
        package var message: String
    }

    /// What became of it at one of its targets.
    package struct Ancestor: Hashable, Sendable {
        /// As the policy names it.
        package var target: PolicyTargetReference
        package var accepted: Finding
        package var resolvedRefs: Finding
        /// Which older policies at the same target hold instead; `nil` where none does.
        package var conflicted: String?
        /// Which wider or narrower policies hold instead; `nil` where none does.
        package var overridden: String?
        /// Something of it is in the plan, or would be once a route leads there.
        package var isInForce: Bool
    }

    package var uid: String?
    package var generation: Int64?
    /// In the order of the policy's `targetRefs`.
    package var ancestors: [Ancestor]
    /// Sorted, without duplicates, at most `IngressReport.maxDiagnostics`.
    package var diagnostics: [Diagnostic]
}
