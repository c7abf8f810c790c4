/// `fairway.dev/v1alpha1` ClientPolicy: how the edge treats those who connect to it. Attached to an IngressClass by the
/// operator, for the whole gateway.
package struct ClientPolicy: PolicyObject {
    package static let resource = ResourceKind(
        group: "fairway.dev", version: "v1alpha1", kind: "ClientPolicy", plural: "clientpolicies")

    package var metadata: ObjectMeta
    package var spec: Spec
    package var status: PolicyStatus?

    package init(metadata: ObjectMeta, spec: Spec, status: PolicyStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var targetRefs: [PolicyTargetReference]
        package var clientAddress: ClientAddress?
        package var proxyProtocol: ProxyProtocol?
    }

    /// Whose word on the client's address is taken. Exactly one of the two.
    package struct ClientAddress: Codable, Hashable, Sendable {
        /// How many proxies in front append to `X-Forwarded-For`.
        package var trustedHops: Int32?
        /// The proxies in front by address; the client is the last entry that is none of them.
        package var trustedCIDRs: [String]?
    }

    /// HAProxy's PROXY protocol, versions 1 and 2, on every listener.
    package struct ProxyProtocol: Codable, Hashable, Sendable {
        /// `Required` or `Optional` (connections without it pass as their own client).
        package var mode: String
    }
}
