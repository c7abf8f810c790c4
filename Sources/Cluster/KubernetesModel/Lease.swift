/// `coordination.k8s.io/v1` Lease.
package struct Lease: KubernetesObject {
    package static let resource = ResourceKind(
        group: "coordination.k8s.io", version: "v1", kind: "Lease", plural: "leases")

    package var metadata: ObjectMeta
    package var spec: Spec?

    package init(metadata: ObjectMeta, spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var holderIdentity: String?
        package var leaseDurationSeconds: Int32?
        package var acquireTime: MicroTime?
        package var renewTime: MicroTime?
        package var leaseTransitions: Int32?

        package init(
            holderIdentity: String? = nil, leaseDurationSeconds: Int32? = nil, acquireTime: MicroTime? = nil,
            renewTime: MicroTime? = nil, leaseTransitions: Int32? = nil
        ) {
            self.holderIdentity = holderIdentity
            self.leaseDurationSeconds = leaseDurationSeconds
            self.acquireTime = acquireTime
            self.renewTime = renewTime
            self.leaseTransitions = leaseTransitions
        }
    }
}
