/// `v1` Service: the fields that routing and load balancing need.
package struct Service: KubernetesObject {
    package static let resource = ResourceKind(group: "", version: "v1", kind: "Service", plural: "services")

    package var metadata: ObjectMeta
    package var spec: Spec?
    package var status: Status?

    package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Status: Codable, Hashable, Sendable {
        package var loadBalancer: LoadBalancer?

        package init(loadBalancer: LoadBalancer? = nil) { self.loadBalancer = loadBalancer }
    }

    package struct LoadBalancer: Codable, Hashable, Sendable {
        package var ingress: [LoadBalancerAddress]?

        package init(ingress: [LoadBalancerAddress]? = nil) { self.ingress = ingress }
    }

    package struct LoadBalancerAddress: Codable, Hashable, Sendable {
        package var ip: String?
        package var hostname: String?
        /// `VIP` (default) or `Proxy`, which leaves the address to the load balancer (KEP-1860).
        package var ipMode: String?

        package init(ip: String? = nil, hostname: String? = nil, ipMode: String? = nil) {
            self.ip = ip
            self.hostname = hostname
            self.ipMode = ipMode
        }
    }

    package struct SessionAffinityConfig: Codable, Hashable, Sendable {
        package var clientIP: ClientIP?

        package init(clientIP: ClientIP? = nil) { self.clientIP = clientIP }

        package struct ClientIP: Codable, Hashable, Sendable {
            /// 10,800 by default.
            package var timeoutSeconds: Int32?

            package init(timeoutSeconds: Int32? = nil) { self.timeoutSeconds = timeoutSeconds }
        }
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var type: String?
        package var clusterIP: String?
        package var clusterIPs: [String]?
        package var externalName: String?
        package var selector: [String: String]?
        package var ports: [Port]?
        package var externalIPs: [String]?
        package var loadBalancerSourceRanges: [String]?
        package var loadBalancerClass: String?
        /// `None` (default) or `ClientIP`.
        package var sessionAffinity: String?
        package var sessionAffinityConfig: SessionAffinityConfig?
        /// `Cluster` (default) or `Local`.
        package var externalTrafficPolicy: String?
        /// `Cluster` (default) or `Local`.
        package var internalTrafficPolicy: String?
        package var healthCheckNodePort: Int32?
        package var publishNotReadyAddresses: Bool?
        package var ipFamilies: [String]?
        package var ipFamilyPolicy: String?
        /// `PreferSameZone` (also `PreferClose`) or `PreferSameNode`.
        package var trafficDistribution: String?

        package init(
            type: String? = nil, externalName: String? = nil, selector: [String: String]? = nil, ports: [Port]? = nil
        ) {
            self.type = type
            self.externalName = externalName
            self.selector = selector
            self.ports = ports
        }
    }

    package struct Port: Codable, Hashable, Sendable {
        package var name: String?
        package var `protocol`: String?
        package var appProtocol: String?
        package var port: Int32
        package var targetPort: IntOrString?
        package var nodePort: Int32?

        package init(
            name: String? = nil, protocol: String? = nil, appProtocol: String? = nil, port: Int32,
            targetPort: IntOrString? = nil
        ) {
            self.name = name
            self.protocol = `protocol`
            self.appProtocol = appProtocol
            self.port = port
            self.targetPort = targetPort
        }
    }
}

/// `discovery.k8s.io/v1` EndpointSlice.
package struct EndpointSlice: KubernetesObject {
    package static let resource = ResourceKind(
        group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices")
    /// The label that names the Service a slice belongs to.
    package static let serviceLabel = "kubernetes.io/service-name"
    /// When what led to the last change happened, RFC 3339 with a fraction.
    package static let triggerTimeAnnotation = "endpoints.kubernetes.io/last-change-trigger-time"

    package var metadata: ObjectMeta
    package var addressType: String
    package var endpoints: [Endpoint]?
    package var ports: [Port]?

    package init(metadata: ObjectMeta, addressType: String = "IPv4", endpoints: [Endpoint]? = nil, ports: [Port]? = nil)
    {
        self.metadata = metadata
        self.addressType = addressType
        self.endpoints = endpoints
        self.ports = ports
    }

    package struct Endpoint: Codable, Hashable, Sendable {
        package var addresses: [String]
        package var conditions: Conditions?
        package var hostname: String?
        package var targetRef: ObjectReference?
        package var nodeName: String?
        package var zone: String?
        package var hints: Hints?

        package init(
            addresses: [String], conditions: Conditions? = nil, targetRef: ObjectReference? = nil,
            nodeName: String? = nil, zone: String? = nil, hints: Hints? = nil
        ) {
            self.addresses = addresses
            self.conditions = conditions
            self.targetRef = targetRef
            self.nodeName = nodeName
            self.zone = zone
            self.hints = hints
        }
    }

    /// Where an endpoint should be used from (KEP-2433, KEP-3015).
    package struct Hints: Codable, Hashable, Sendable {
        package var forZones: [Named]?
        package var forNodes: [Named]?

        package init(forZones: [Named]? = nil, forNodes: [Named]? = nil) {
            self.forZones = forZones
            self.forNodes = forNodes
        }

        package struct Named: Codable, Hashable, Sendable {
            package var name: String

            package init(name: String) { self.name = name }
        }
    }

    /// `nil` means unknown, which the API asks readers to take as ready and serving.
    package struct Conditions: Codable, Hashable, Sendable {
        package var ready: Bool?
        package var serving: Bool?
        package var terminating: Bool?

        package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
            self.ready = ready
            self.serving = serving
            self.terminating = terminating
        }
    }

    package struct Port: Codable, Hashable, Sendable {
        package var name: String?
        package var `protocol`: String?
        package var port: Int32?
        package var appProtocol: String?

        package init(name: String? = nil, protocol: String? = nil, port: Int32? = nil, appProtocol: String? = nil) {
            self.name = name
            self.protocol = `protocol`
            self.port = port
            self.appProtocol = appProtocol
        }
    }
}

package struct ObjectReference: Codable, Hashable, Sendable {
    package var apiVersion: String?
    package var kind: String?
    package var namespace: String?
    package var name: String?
    package var uid: String?
    package var resourceVersion: String?
    package var fieldPath: String?

    package init(
        apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil,
        uid: String? = nil, resourceVersion: String? = nil, fieldPath: String? = nil
    ) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.fieldPath = fieldPath
    }
}
