/// What a policy is attached to: GEP-713's `LocalPolicyTargetReferenceWithSectionName`. A policy's target is in the
/// policy's own namespace, or has none (an IngressClass).
package struct PolicyTargetReference: Codable, Hashable, Sendable {
    package var group: String
    package var kind: String
    package var name: String
    /// A named part of the target: a listener of a Gateway, a rule of a route, a port of a Service.
    package var sectionName: String?

    package init(group: String, kind: String, name: String, sectionName: String? = nil) {
        self.group = group
        self.kind = kind
        self.name = name
        self.sectionName = sectionName
    }
}

/// A kind of policy.
package protocol PolicyObject: KubernetesObject {
    var status: PolicyStatus? { get }
}

/// GEP-713's `PolicyStatus`: what became of a policy, for each object whose behaviour it changes.
package struct PolicyStatus: Codable, Hashable, Sendable {
    package var ancestors: [Ancestor]?

    package init(ancestors: [Ancestor]? = nil) { self.ancestors = ancestors }

    package struct Ancestor: Codable, Hashable, Sendable {
        package var ancestorRef: Reference
        /// The entry's owner; entries of other controllers are never touched.
        package var controllerName: String
        package var conditions: [Condition]?

        package init(ancestorRef: Reference, controllerName: String, conditions: [Condition]? = nil) {
            self.ancestorRef = ancestorRef
            self.controllerName = controllerName
            self.conditions = conditions
        }
    }

    package struct Reference: Codable, Hashable, Sendable {
        package var group: String?
        package var kind: String?
        package var namespace: String?
        package var name: String
        package var sectionName: String?

        package init(
            group: String? = nil, kind: String? = nil, namespace: String? = nil, name: String,
            sectionName: String? = nil
        ) {
            self.group = group
            self.kind = kind
            self.namespace = namespace
            self.name = name
            self.sectionName = sectionName
        }
    }
}
