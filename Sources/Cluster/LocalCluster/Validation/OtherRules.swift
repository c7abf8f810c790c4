import KubernetesModel

/// Leases, events, workloads and custom resource definitions.
enum OtherRules {
    static func validateLease(_ object: JSONValue, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        if let seconds = spec["leaseDurationSeconds"]?.integer, seconds <= 0 {
            findings.invalid(path["leaseDurationSeconds"], .integer(seconds), "must be greater than 0")
        }
        if let count = spec["leaseTransitions"]?.integer, count < 0 {
            findings.invalid(path["leaseTransitions"], .integer(count), "must be greater than or equal to 0")
        }
        if let holder = spec["holderIdentity"]?.string, holder.isEmpty {
            findings.invalid(path["holderIdentity"], "", "must not be empty")
        }
    }

    static func validateEvent(_ object: JSONValue, resource: ResourceKind, into findings: inout Findings) {
        let isCore = resource.group.isEmpty
        let key = isCore ? "involvedObject" : "regarding"
        let namespace = object["metadata"]?["namespace"]?.string ?? ""
        let other = object[key]?["namespace"]?.string ?? ""
        // Events about objects without a namespace live in `default`.
        if other.isEmpty ? namespace != "default" && namespace != "kube-system" : other != namespace {
            findings.invalid(
                FieldPath("involvedObject")["namespace"], .string(other), "does not match event.namespace")
        }
        guard !isCore || !IngressRules.isAbsent(object["eventTime"]) else { return }
        let reporter = object[isCore ? "reportingComponent" : "reportingController"]?.string ?? ""
        if reporter.isEmpty {
            findings.required(FieldPath("reportingController"))
        } else {
            findings.invalid(FieldPath("reportingController"), reporter, NameRules.qualifiedName(reporter))
        }
        for name in ["reportingInstance", "action", "reason"] where (object[name]?.string ?? "").isEmpty {
            findings.required(FieldPath(name))
        }
    }

    static func validateWorkload(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        let selector = spec["selector"]
        if IngressRules.isAbsent(selector) {
            findings.required(path["selector"])
        } else {
            let wanted = selector?["matchLabels"]?.object ?? [:]
            let labels = spec["template"]?["metadata"]?["labels"] ?? .object([:])
            if wanted.contains(where: { labels[$0.key] != $0.value }) {
                findings.invalid(
                    path["template"]["metadata"]["labels"], labels, "`selector` does not match template `labels`")
            }
        }
        if let old { findings.immutable(path["selector"], selector, old["spec"]?["selector"]) }
        if let replicas = spec["replicas"]?.integer, replicas < 0 {
            findings.invalid(path["replicas"], .integer(replicas), "must be greater than or equal to 0")
        }
        containers(spec["template"]?["spec"] ?? .null, at: path["template"]["spec"], into: &findings)
    }

    static func validatePod(_ object: JSONValue, into findings: inout Findings) {
        containers(object["spec"] ?? .null, at: FieldPath("spec"), into: &findings)
    }

    private static func containers(_ spec: JSONValue, at path: FieldPath, into findings: inout Findings) {
        let containers = spec["containers"]?.array ?? []
        if containers.isEmpty { findings.required(path["containers"]) }
        var names: Set<String> = []
        for (index, container) in containers.enumerated() {
            let name = container["name"]?.string ?? ""
            let place = path["containers"][index]
            if name.isEmpty {
                findings.required(place["name"])
            } else {
                findings.invalid(place["name"], name, NameRules.dns1123Label(name))
                if !names.insert(name).inserted { findings.duplicate(place["name"], .string(name)) }
            }
            if (container["image"]?.string ?? "").isEmpty { findings.required(place["image"]) }
        }
    }

    static func validateDefinition(_ object: JSONValue, old: JSONValue?, into findings: inout Findings) {
        let spec = object["spec"] ?? .null
        let path = FieldPath("spec")
        let group = spec["group"]?.string ?? ""
        let plural = spec["names"]?["plural"]?.string ?? ""
        if group.isEmpty {
            findings.required(path["group"])
        } else {
            findings.invalid(path["group"], group, NameRules.dns1123Subdomain(group))
            if !group.contains(".") {
                findings.invalid(path["group"], .string(group), "should be a domain with at least one dot")
            }
        }
        let name = object["metadata"]?["name"]?.string ?? ""
        if name != "\(plural).\(group)" {
            findings.invalid(
                FieldPath("metadata")["name"], .string(name), "must be spec.names.plural+\".\"+spec.group")
        }
        for key in ["plural", "kind"] {
            let text = spec["names"]?[key]?.string ?? ""
            if text.isEmpty {
                findings.required(path["names"][key])
            } else {
                findings.invalid(path["names"][key], text, NameRules.dns1035Label(text.lowercased()))
            }
        }
        switch spec["scope"]?.string ?? "" {
        case "": findings.required(path["scope"])
        case "Cluster", "Namespaced": break
        case let other: findings.unsupported(path["scope"], other, ["Cluster", "Namespaced"])
        }
        versions(spec["versions"]?.array ?? [], at: path["versions"], into: &findings)
        if let old {
            findings.immutable(path["group"], spec["group"], old["spec"]?["group"])
            findings.immutable(path["scope"], spec["scope"], old["spec"]?["scope"])
            findings.immutable(path["names"]["kind"], spec["names"]?["kind"], old["spec"]?["names"]?["kind"])
        }
    }

    private static func versions(_ versions: [JSONValue], at path: FieldPath, into findings: inout Findings) {
        var names: Set<String> = []
        for (index, version) in versions.enumerated() {
            let name = version["name"]?.string ?? ""
            findings.invalid(path[index]["name"], name, NameRules.dns1035Label(name))
            if !names.insert(name).inserted { findings.duplicate(path[index]["name"], .string(name)) }
            if IngressRules.isAbsent(version["schema"]?["openAPIV3Schema"]) {
                findings.required(path[index]["schema"]["openAPIV3Schema"], "schemas are required")
            }
        }
        if versions.count(where: { $0["storage"] == true }) != 1 {
            findings.invalid(path, .array([]), "must have exactly one version marked as storage version")
        }
    }
}
