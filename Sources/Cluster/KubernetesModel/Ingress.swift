/// `networking.k8s.io/v1` Ingress.
package struct Ingress: KubernetesObject {
    package static let resource = ResourceKind(
        group: "networking.k8s.io", version: "v1", kind: "Ingress", plural: "ingresses")

    package var metadata: ObjectMeta
    package var spec: Spec?
    package var status: Status?

    package init(metadata: ObjectMeta, spec: Spec? = nil, status: Status? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var ingressClassName: String?
        package var defaultBackend: Backend?
        package var tls: [TLS]?
        package var rules: [Rule]?

        package init(
            ingressClassName: String? = nil, defaultBackend: Backend? = nil, tls: [TLS]? = nil, rules: [Rule]? = nil
        ) {
            self.ingressClassName = ingressClassName
            self.defaultBackend = defaultBackend
            self.tls = tls
            self.rules = rules
        }
    }

    package struct TLS: Codable, Hashable, Sendable {
        package var hosts: [String]?
        package var secretName: String?

        package init(hosts: [String]? = nil, secretName: String? = nil) {
            self.hosts = hosts
            self.secretName = secretName
        }
    }

    package struct Rule: Codable, Hashable, Sendable {
        package var host: String?
        package var http: HTTP?

        package init(host: String? = nil, http: HTTP? = nil) {
            self.host = host
            self.http = http
        }
    }

    package struct HTTP: Codable, Hashable, Sendable {
        package var paths: [Path]

        package init(paths: [Path]) { self.paths = paths }
    }

    package struct Path: Codable, Hashable, Sendable {
        package var path: String?
        /// `Exact`, `Prefix` or `ImplementationSpecific`; a text, so that an unknown word is ours to report.
        package var pathType: String?
        package var backend: Backend

        package init(path: String? = nil, pathType: String? = nil, backend: Backend) {
            self.path = path
            self.pathType = pathType
            self.backend = backend
        }
    }

    package struct Backend: Codable, Hashable, Sendable {
        package var service: ServiceBackend?
        package var resource: TypedLocalObjectReference?

        package init(service: ServiceBackend? = nil, resource: TypedLocalObjectReference? = nil) {
            self.service = service
            self.resource = resource
        }
    }

    package struct ServiceBackend: Codable, Hashable, Sendable {
        package var name: String
        package var port: Port?

        package init(name: String, port: Port? = nil) {
            self.name = name
            self.port = port
        }

        package struct Port: Codable, Hashable, Sendable {
            package var name: String?
            package var number: Int32?

            package init(name: String? = nil, number: Int32? = nil) {
                self.name = name
                self.number = number
            }
        }
    }

    package struct Status: Codable, Hashable, Sendable {
        package var loadBalancer: LoadBalancer?

        package init(loadBalancer: LoadBalancer? = nil) { self.loadBalancer = loadBalancer }

        package struct LoadBalancer: Codable, Hashable, Sendable {
            package var ingress: [Point]?

            package init(ingress: [Point]? = nil) { self.ingress = ingress }
        }

        package struct Point: Codable, Hashable, Sendable {
            package var ip: String?
            package var hostname: String?
            package var ports: [Port]?

            package init(ip: String? = nil, hostname: String? = nil, ports: [Port]? = nil) {
                self.ip = ip
                self.hostname = hostname
                self.ports = ports
            }
        }

        package struct Port: Codable, Hashable, Sendable {
            package var port: Int32
            package var `protocol`: String
            package var error: String?

            package init(port: Int32, protocol: String, error: String? = nil) {
                self.port = port
                self.protocol = `protocol`
                self.error = error
            }
        }
    }
}

package struct TypedLocalObjectReference: Codable, Hashable, Sendable {
    package var apiGroup: String?
    package var kind: String
    package var name: String

    package init(apiGroup: String? = nil, kind: String, name: String) {
        self.apiGroup = apiGroup
        self.kind = kind
        self.name = name
    }
}

/// `networking.k8s.io/v1` IngressClass.
package struct IngressClass: KubernetesObject {
    package static let resource = ResourceKind(
        group: "networking.k8s.io", version: "v1", kind: "IngressClass", plural: "ingressclasses", isNamespaced: false)

    package var metadata: ObjectMeta
    package var spec: Spec?

    package init(metadata: ObjectMeta, spec: Spec? = nil) {
        self.metadata = metadata
        self.spec = spec
    }

    package struct Spec: Codable, Hashable, Sendable {
        package var controller: String?

        package init(controller: String? = nil) { self.controller = controller }
    }
}
