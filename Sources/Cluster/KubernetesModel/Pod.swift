/// `v1` Pod: what endpoints need of it, and what it takes to run one.
package struct Pod: KubernetesObject {
    package static let resource = ResourceKind(group: "", version: "v1", kind: "Pod", plural: "pods")

    package var metadata: ObjectMeta
    package var spec: Spec?
    package var status: Status?

    package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var nodeName: String?
        package var hostname: String?
        package var subdomain: String?
        package var hostNetwork: Bool?
        package var containers: [Container]?
        package var initContainers: [Container]?
        package var nodeSelector: [String: String]?
        /// `Always` (default), `OnFailure` or `Never`.
        package var restartPolicy: String?
        /// 30 by default.
        package var terminationGracePeriodSeconds: Int64?

        package init(
            nodeName: String? = nil, hostname: String? = nil, subdomain: String? = nil, hostNetwork: Bool? = nil,
            containers: [Container]? = nil, initContainers: [Container]? = nil
        ) {
            self.nodeName = nodeName
            self.hostname = hostname
            self.subdomain = subdomain
            self.hostNetwork = hostNetwork
            self.containers = containers
            self.initContainers = initContainers
        }
    }

    package struct Container: Codable, Hashable, Sendable {
        package var name: String
        package var ports: [Port]?
        /// `Always` makes an init container a sidecar, whose ports count as the Pod's.
        package var restartPolicy: String?
        package var image: String?
        package var command: [String]?
        package var args: [String]?
        package var env: [Variable]?
        package var workingDir: String?
        package var readinessProbe: Probe?
        package var lifecycle: Lifecycle?

        package init(name: String, ports: [Port]? = nil, restartPolicy: String? = nil) {
            self.name = name
            self.ports = ports
            self.restartPolicy = restartPolicy
        }
    }

    package struct Port: Codable, Hashable, Sendable {
        package var name: String?
        package var containerPort: Int32
        package var `protocol`: String?
        /// A port of the node that leads to this one.
        package var hostPort: Int32?
        /// The node's address that `hostPort` is bound to; absent means all.
        package var hostIP: String?

        package init(name: String? = nil, containerPort: Int32, protocol: String? = nil) {
            self.name = name
            self.containerPort = containerPort
            self.protocol = `protocol`
        }
    }

    package struct Status: Codable, Hashable, Sendable {
        /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
        package var phase: String?
        package var podIP: String?
        package var podIPs: [IP]?
        package var conditions: [PodCondition]?

        package init(
            phase: String? = nil, podIP: String? = nil, podIPs: [IP]? = nil, conditions: [PodCondition]? = nil
        ) {
            self.phase = phase
            self.podIP = podIP
            self.podIPs = podIPs
            self.conditions = conditions
        }
    }

    package struct IP: Codable, Hashable, Sendable {
        package var ip: String

        package init(ip: String) { self.ip = ip }
    }

    /// Older than `metav1.Condition`: reason and message may be absent.
    package struct PodCondition: Codable, Hashable, Sendable {
        package var type: String
        package var status: String
        package var reason: String?
        package var message: String?
        package var lastTransitionTime: Timestamp?

        package init(type: String, status: String, reason: String? = nil, message: String? = nil) {
            self.type = type
            self.status = status
            self.reason = reason
            self.message = message
        }
    }
}
