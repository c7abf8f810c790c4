/// `apps/v1` Deployment.
package struct Deployment: KubernetesObject {
    package static let resource = ResourceKind(
        group: "apps", version: "v1", kind: "Deployment", plural: "deployments")

    package var metadata: ObjectMeta
    package var spec: Spec
    /// Whole: only its controller reads it.
    package var status: JSONValue?

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Hashable, Sendable {
        /// 1 by default.
        package var replicas: Int32?
        package var selector: LabelSelector
        /// Whole, so that fields we do not know pass on to the pods.
        package var template: JSONValue
        package var strategy: Strategy?
        package var minReadySeconds: Int32?
        /// 10 by default.
        package var revisionHistoryLimit: Int32?
        package var paused: Bool?

        package init(replicas: Int32? = nil, selector: LabelSelector, template: JSONValue, strategy: Strategy? = nil) {
            self.replicas = replicas
            self.selector = selector
            self.template = template
            self.strategy = strategy
        }
    }

    package struct Strategy: Codable, Hashable, Sendable {
        /// `RollingUpdate` (default) or `Recreate`.
        package var type: String?
        package var rollingUpdate: RollingUpdate?

        package init(type: String? = nil, rollingUpdate: RollingUpdate? = nil) {
            self.type = type
            self.rollingUpdate = rollingUpdate
        }
    }

    /// Numbers of pods, or percentages of the replicas; `25%` by default.
    package struct RollingUpdate: Codable, Hashable, Sendable {
        package var maxSurge: IntOrString?
        package var maxUnavailable: IntOrString?

        package init(maxSurge: IntOrString? = nil, maxUnavailable: IntOrString? = nil) {
            self.maxSurge = maxSurge
            self.maxUnavailable = maxUnavailable
        }
    }
}

/// `apps/v1` ReplicaSet.
package struct ReplicaSet: KubernetesObject {
    package static let resource = ResourceKind(
        group: "apps", version: "v1", kind: "ReplicaSet", plural: "replicasets")

    package var metadata: ObjectMeta
    package var spec: Spec
    /// Whole: only its controller reads it.
    package var status: JSONValue?

    package init(metadata: ObjectMeta, spec: Spec) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Hashable, Sendable {
        /// 1 by default.
        package var replicas: Int32?
        package var selector: LabelSelector
        package var template: JSONValue?
        package var minReadySeconds: Int32?

        package init(replicas: Int32? = nil, selector: LabelSelector, template: JSONValue? = nil) {
            self.replicas = replicas
            self.selector = selector
            self.template = template
        }
    }
}

extension ObjectMeta {
    /// The owner that made this object and decides about it.
    package var controller: OwnerReference? { ownerReferences?.first { $0.controller == true } }
}

extension Pod {
    package var isTerminating: Bool { metadata.deletionTimestamp != nil }
    /// Ended by itself; it will not run again.
    package var isFinished: Bool { status?.phase == "Succeeded" || status?.phase == "Failed" }
    package var isReady: Bool { status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false }
}

extension Node {
    package var isReady: Bool { status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false }

    /// The pod ranges of all families, as written.
    package var podRanges: [String] { spec?.podCIDRs ?? spec?.podCIDR.map { [$0] } ?? [] }
}
