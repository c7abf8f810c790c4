import Foundation
import KubernetesModel

/// Objects for tests to apply.
enum Manifest {
    /// A path of an Ingress rule.
    struct Path {
        var path: String?
        var type: String
        var backend: JSONValue

        static func exact(_ path: String, _ service: String) -> Path { Path(path, "Exact", service) }
        static func prefix(_ path: String, _ service: String) -> Path { Path(path, "Prefix", service) }
        static func specific(_ path: String, _ service: String) -> Path {
            Path(path, "ImplementationSpecific", service)
        }

        private init(_ path: String, _ type: String, _ service: String) {
            self.init(path: path, type: type, backend: Manifest.backend(service))
        }

        init(path: String?, type: String, backend: JSONValue) {
            self.path = path
            self.type = type
            self.backend = backend
        }
    }

    struct Rule {
        var host: String?
        var paths: [Path]

        init(_ host: String?, _ paths: [Path]) {
            self.host = host
            self.paths = paths
        }
    }

    static func backend(_ service: String, port: JSONValue = ["name": "http"]) -> JSONValue {
        ["service": ["name": .string(service), "port": port]]
    }

    static func ingress(
        _ name: String, _ rules: [Rule] = [], className: String? = "fairway", annotations: [String: String] = [:],
        tls: [(hosts: [String], secret: String?)] = [], defaultBackend: JSONValue? = nil
    ) -> JSONValue {
        var spec: [String: JSONValue] = [:]
        if let className { spec["ingressClassName"] = .string(className) }
        if let defaultBackend { spec["defaultBackend"] = defaultBackend }
        if !rules.isEmpty { spec["rules"] = .array(rules.map(rule)) }
        if !tls.isEmpty {
            spec["tls"] = .array(
                tls.map { entry in
                    var value: JSONValue = ["hosts": .array(entry.hosts.map(JSONValue.string))]
                    if let secret = entry.secret { value["secretName"] = .string(secret) }
                    return value
                })
        }
        return object("networking.k8s.io/v1", "Ingress", name, annotations: annotations, ["spec": .object(spec)])
    }

    private static func rule(_ rule: Rule) -> JSONValue {
        var value: JSONValue = [:]
        if let host = rule.host { value["host"] = .string(host) }
        if !rule.paths.isEmpty {
            let paths = rule.paths.map { path in
                var value: JSONValue = ["pathType": .string(path.type), "backend": path.backend]
                if let text = path.path { value["path"] = .string(text) }
                return value
            }
            value["http"] = ["paths": .array(paths)]
        }
        return value
    }

    /// A Service with a port 80 called `http`, and one EndpointSlice for each backend.
    static func service(
        _ name: String, to backends: [Backend], appProtocol: String? = nil, annotations: [String: String] = [:]
    ) -> [JSONValue] {
        var port: JSONValue = ["name": "http", "port": 80]
        if let appProtocol { port["appProtocol"] = .string(appProtocol) }
        let service = object("v1", "Service", name, annotations: annotations, ["spec": ["ports": [port]]])
        return [service]
            + backends.enumerated().map { slice("\(name)-\($0.offset)", of: name, port: $0.element.port) }
    }

    static func slice(_ name: String, of service: String, port: UInt16) -> JSONValue {
        object(
            "discovery.k8s.io/v1", "EndpointSlice", name, labels: [EndpointSlice.serviceLabel: service],
            [
                "addressType": "IPv4",
                "endpoints": [["addresses": ["127.0.0.1"], "conditions": ["ready": true]]],
                "ports": [["name": "http", "protocol": "TCP", "port": .integer(Int64(port))]],
            ])
    }

    static func tlsSecret(_ name: String, certificate: String, key: String) -> JSONValue {
        secret(name, type: "kubernetes.io/tls", ["tls.crt": certificate, "tls.key": key])
    }

    static func secret(_ name: String, type: String = "Opaque", _ values: [String: String]) -> JSONValue {
        let data = values.mapValues { JSONValue.string(Data($0.utf8).base64EncodedString()) }
        return object("v1", "Secret", name, ["type": .string(type), "data": .object(data)])
    }

    static func ingressClass(
        _ name: String, controller: String = "fairway.dev/ingress-controller", isDefault: Bool = false
    ) -> JSONValue {
        let annotations = isDefault ? ["ingressclass.kubernetes.io/is-default-class": "true"] : [:]
        return object(
            "networking.k8s.io/v1", "IngressClass", name, annotations: annotations,
            ["spec": ["controller": .string(controller)]])
    }

    static func object(
        _ apiVersion: String, _ kind: String, _ name: String, labels: [String: String] = [:],
        annotations: [String: String] = [:], _ rest: [String: JSONValue]
    ) -> JSONValue {
        var metadata: [String: JSONValue] = ["name": .string(name)]
        if kind != "IngressClass" { metadata["namespace"] = "default" }
        if !labels.isEmpty { metadata["labels"] = .object(labels.mapValues(JSONValue.string)) }
        if !annotations.isEmpty { metadata["annotations"] = .object(annotations.mapValues(JSONValue.string)) }
        var members = rest
        members["apiVersion"] = .string(apiVersion)
        members["kind"] = .string(kind)
        members["metadata"] = .object(metadata)
        return .object(members)
    }

    /// Objects as the text of one manifest file.
    static func text(_ objects: [JSONValue]) -> String {
        objects.map { "---\n" + String(decoding: $0.serialized(), as: UTF8.self) + "\n" }.joined()
    }
}
