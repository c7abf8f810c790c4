import KubernetesModel
import NetTypes

/// `networking.k8s.io/v1` Ingress and IngressClass.
enum IngressRules {
    static func validate(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        let rules = spec["rules"]?.array ?? []
        if rules.isEmpty, isAbsent(spec["defaultBackend"]) {
            findings.invalid(path, spec, "either `defaultBackend` or `rules` must be specified")
        }
        if let backend = spec["defaultBackend"], !backend.isNull {
            self.backend(backend, at: path["defaultBackend"], into: &findings)
        }
        for (index, rule) in rules.enumerated() { self.rule(rule, at: path["rules"][index], into: &findings) }
        for (index, entry) in (spec["tls"]?.array ?? []).enumerated() {
            tls(entry, at: path["tls"][index], into: &findings)
        }
        if let name = spec["ingressClassName"]?.string {
            findings.invalid(path["ingressClassName"], name, NameRules.dns1123Subdomain(name))
        }
        let annotation = object["metadata"]?["annotations"]?["kubernetes.io/ingress.class"]
        if old == nil, let annotation, spec["ingressClassName"]?.string != nil {
            findings.invalid(
                FieldPath("metadata")["annotations"].key("kubernetes.io/ingress.class"), annotation,
                "can not be set when the class field is also set")
        }
    }

    private static func tls(_ entry: JSONValue, at path: FieldPath, into findings: inout Findings) {
        for (index, host) in (entry["hosts"]?.array ?? []).enumerated() {
            let name = host.string ?? ""
            let messages = name.contains("*") ? NameRules.wildcardSubdomain(name) : NameRules.dns1123Subdomain(name)
            findings.invalid(path["hosts"][index], name, messages)
        }
        if let secret = entry["secretName"]?.string, !secret.isEmpty {
            findings.invalid(path["secretName"], secret, NameRules.dns1123Subdomain(secret))
        }
    }

    private static func rule(_ rule: JSONValue, at path: FieldPath, into findings: inout Findings) {
        if let host = rule["host"]?.string, !host.isEmpty {
            if IPAddress(host) != nil {
                findings.invalid(path["host"], .string(host), "must be a DNS name, not an IP address")
            }
            let messages = host.contains("*") ? NameRules.wildcardSubdomain(host) : NameRules.dns1123Subdomain(host)
            findings.invalid(path["host"], host, messages)
        }
        guard let http = rule["http"], !http.isNull else { return }
        let paths = http["paths"]?.array ?? []
        if paths.isEmpty { findings.required(path["http"]["paths"]) }
        for (index, entry) in paths.enumerated() {
            self.path(entry, at: path["http"]["paths"][index], into: &findings)
        }
    }

    private static func path(_ entry: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let text = entry["path"]?.string ?? ""
        switch entry["pathType"]?.string {
        case nil:
            findings.required(path["pathType"], "pathType must be specified")
        case "Exact", "Prefix":
            if !text.hasPrefix("/") {
                findings.invalid(path["path"], .string(text), "must be an absolute path")
            }
            for sequence in ["//", "/./", "/../", "%2f", "%2F"] where text.contains(sequence) {
                findings.invalid(path["path"], .string(text), "must not contain '\(sequence)'")
            }
            for suffix in ["/..", "/."] where text.hasSuffix(suffix) {
                findings.invalid(path["path"], .string(text), "cannot end with '\(suffix)'")
            }
        case "ImplementationSpecific":
            if !text.isEmpty, !text.hasPrefix("/") {
                findings.invalid(path["path"], .string(text), "must be an absolute path")
            }
        case let other?:
            findings.unsupported(path["pathType"], other, ["Exact", "Prefix", "ImplementationSpecific"])
        }
        backend(entry["backend"] ?? .null, at: path["backend"], into: &findings)
    }

    private static func backend(_ backend: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let hasService = !isAbsent(backend["service"])
        let hasResource = !isAbsent(backend["resource"])
        switch (hasService, hasResource) {
        case (true, true):
            findings.invalid(path, "", "cannot set both resource and service backends")
        case (false, false):
            findings.required(path, "resource or service backend is required")
        case (false, true):
            resource(backend["resource"] ?? .null, at: path["resource"], into: &findings)
        case (true, false):
            service(backend["service"] ?? .null, at: path["service"], into: &findings)
        }
    }

    private static func resource(_ resource: JSONValue, at path: FieldPath, into findings: inout Findings) {
        if let group = resource["apiGroup"]?.string, !group.isEmpty {
            findings.invalid(path["apiGroup"], group, NameRules.dns1123Subdomain(group))
        }
        for key in ["kind", "name"] where (resource[key]?.string ?? "").isEmpty {
            findings.required(path[key], "\(key) is required")
        }
    }

    private static func service(_ service: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let name = service["name"]?.string ?? ""
        if name.isEmpty {
            findings.required(path["name"])
        } else {
            findings.invalid(path["name"], name, NameRules.dns1035Label(name))
        }
        let port = service["port"] ?? .null
        let portName = port["name"]?.string ?? ""
        let number = port["number"]?.integer ?? 0
        if !portName.isEmpty, number != 0 {
            findings.invalid(path["port"], "", "cannot set both port name & port number")
        } else if !portName.isEmpty {
            findings.invalid(path["port"]["name"], portName, NameRules.portName(portName))
        } else if number != 0 {
            for message in NameRules.port(number) {
                findings.invalid(path["port"]["number"], .integer(number), message)
            }
        } else {
            findings.required(path, "port name or number is required")
        }
    }

    /// The controller is a path below a domain, and stays what it is.
    static func validateClass(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        let controller = spec["controller"]?.string ?? ""
        if let old {
            findings.immutable(path["controller"], spec["controller"], old["spec"]?["controller"])
        } else if controller.isEmpty {
            findings.required(path["controller"])
        }
        if !controller.isEmpty {
            if controller.utf8.count > 250 { findings.tooLong(path["controller"], limit: 250) }
            domainPrefixedPath(controller, at: path["controller"], into: &findings)
        }
        if let parameters = spec["parameters"], !parameters.isNull {
            self.parameters(parameters, at: path["parameters"], into: &findings)
        }
    }

    private static func domainPrefixedPath(_ text: String, at path: FieldPath, into findings: inout Findings) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            findings.invalid(
                path, .string(text), "must be a domain-prefixed path (such as \"acme.io/foo\")")
            return
        }
        findings.invalid(path, parts[0], NameRules.dns1123Subdomain(parts[0]))
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:@!$&'()*+,;=%".utf8)
        if !parts[1].utf8.allSatisfy(allowed.contains) {
            findings.invalid(path, .string(parts[1]), "Invalid path (must match a path of RFC 3986)")
        }
    }

    private static func parameters(_ parameters: JSONValue, at path: FieldPath, into findings: inout Findings) {
        for key in ["kind", "name"] where (parameters[key]?.string ?? "").isEmpty {
            findings.required(path[key], "\(key) is required")
        }
        let hasNamespace = parameters["namespace"]?.string != nil
        switch parameters["scope"]?.string {
        case nil: findings.required(path["scope"])
        case "Cluster":
            if hasNamespace {
                findings.forbidden(
                    path["namespace"], "`parameters.scope` is set to 'Cluster'")
            }
        case "Namespace":
            if !hasNamespace { findings.required(path["namespace"], "`parameters.scope` is set to 'Namespace'") }
        case let other?: findings.unsupported(path["scope"], other, ["Cluster", "Namespace"])
        }
    }

    static func isAbsent(_ value: JSONValue?) -> Bool { value?.isNull ?? true }
}
