import FoundationEssentials
import KubernetesModel

/// What the real server fills in. Idempotent: defaults of a defaulted object change nothing.
enum Defaults {
    static func apply(_ object: JSONValue, resource: ResourceKind) -> JSONValue {
        guard case .object(var root) = object else { return object }
        let spec = root["spec"]
        switch (resource.group, resource.kind) {
        case ("", "Service"): root["spec"] = service(spec ?? .object([:]))
        case ("", "Secret"): secret(&root)
        case ("", "Namespace"): namespace(&root)
        case ("", "Pod"):
            root["spec"] = spec.map(pod)
            var status = root["status"]?.object ?? [:]
            fill(&status, "phase", "Pending")
            root["status"] = .object(status)
        case ("networking.k8s.io", "IngressClass"): root["spec"] = spec.map(ingressClass)
        case ("networking.k8s.io", "NetworkPolicy"): root["spec"] = spec.map(networkPolicy)
        case ("discovery.k8s.io", "EndpointSlice"): slice(&root)
        case ("apps", "Deployment"): root["spec"] = spec.map(deployment)
        case ("apps", _), ("batch", "Job"): root["spec"] = spec.map(template)
        case ("apiextensions.k8s.io", "CustomResourceDefinition"): root["spec"] = spec.map(definition)
        default: break
        }
        return .object(root)
    }

    /// Sets a member that is absent or `null`.
    private static func fill(_ members: inout [String: JSONValue], _ key: String, _ value: JSONValue) {
        if members[key]?.isNull ?? true { members[key] = value }
    }

    private static func elements(
        _ list: JSONValue?, _ change: (inout [String: JSONValue]) -> Void
    ) -> JSONValue? {
        guard let elements = list?.array else { return list }
        return .array(
            elements.map { element in
                guard case .object(var members) = element else { return element }
                change(&members)
                return .object(members)
            })
    }

    private static func service(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = spec else { return spec }
        if (members["type"]?.string ?? "").isEmpty { members["type"] = "ClusterIP" }
        if (members["sessionAffinity"]?.string ?? "").isEmpty { members["sessionAffinity"] = "None" }
        let type = members["type"]?.string
        members["ports"] = elements(members["ports"]) { port in
            if (port["protocol"]?.string ?? "").isEmpty { port["protocol"] = "TCP" }
            let target = port["targetPort"] ?? .null
            if target.isNull || target == 0 || target == "" { port["targetPort"] = port["port"] }
        }
        if type != "ExternalName" { fill(&members, "internalTrafficPolicy", "Cluster") }
        let hasExternalAddress = !(members["externalIPs"]?.array ?? []).isEmpty
        if type == "NodePort" || type == "LoadBalancer" || hasExternalAddress {
            if (members["externalTrafficPolicy"]?.string ?? "").isEmpty {
                members["externalTrafficPolicy"] = "Cluster"
            }
        }
        if type == "LoadBalancer" { fill(&members, "allocateLoadBalancerNodePorts", true) }
        if members["sessionAffinity"] == "ClientIP", members["sessionAffinityConfig"]?["clientIP"] == nil {
            members["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": 10_800]]
        }
        return .object(members)
    }

    private static func secret(_ root: inout [String: JSONValue]) {
        if (root["type"]?.string ?? "").isEmpty { root["type"] = "Opaque" }
        guard let texts = root.removeValue(forKey: "stringData")?.object, !texts.isEmpty else { return }
        var data = root["data"]?.object ?? [:]
        for (key, text) in texts {
            data[key] = .string(Data((text.string ?? "").utf8).base64EncodedString())
        }
        root["data"] = .object(data)
    }

    private static func namespace(_ root: inout [String: JSONValue]) {
        if let name = root["metadata"]?["name"]?.string {
            var metadata = root["metadata"]?.object ?? [:]
            var labels = metadata["labels"]?.object ?? [:]
            labels["kubernetes.io/metadata.name"] = .string(name)
            metadata["labels"] = .object(labels)
            root["metadata"] = .object(metadata)
        }
        var spec = root["spec"]?.object ?? [:]
        // A namespace being deleted loses its finalizers for good.
        if root["metadata"]?["deletionTimestamp"] == nil { fill(&spec, "finalizers", ["kubernetes"]) }
        root["spec"] = .object(spec)
        var status = root["status"]?.object ?? [:]
        fill(&status, "phase", "Active")
        root["status"] = .object(status)
    }

    private static func ingressClass(_ spec: JSONValue) -> JSONValue {
        var spec = spec
        if case .object(var parameters) = spec["parameters"] {
            fill(&parameters, "scope", "Cluster")
            spec["parameters"] = .object(parameters)
        }
        return spec
    }

    private static func networkPolicy(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = spec else { return spec }
        if (members["policyTypes"]?.array ?? []).isEmpty {
            let hasEgress = !(members["egress"]?.array ?? []).isEmpty
            members["policyTypes"] = hasEgress ? ["Ingress", "Egress"] : ["Ingress"]
        }
        return .object(members)
    }

    private static func slice(_ root: inout [String: JSONValue]) {
        root["ports"] = elements(root["ports"]) { port in
            fill(&port, "name", "")
            fill(&port, "protocol", "TCP")
        }
        if root["endpoints"] == nil { root["endpoints"] = .array([]) }
    }

    private static func pod(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = spec else { return spec }
        fill(&members, "restartPolicy", "Always")
        fill(&members, "dnsPolicy", "ClusterFirst")
        fill(&members, "schedulerName", "default-scheduler")
        fill(&members, "terminationGracePeriodSeconds", 30)
        fill(&members, "securityContext", .object([:]))
        for key in ["containers", "initContainers"] {
            members[key] = elements(members[key]) { container in
                fill(&container, "terminationMessagePath", "/dev/termination-log")
                fill(&container, "terminationMessagePolicy", "File")
                fill(&container, "imagePullPolicy", pullPolicy(container["image"]?.string ?? ""))
                fill(&container, "resources", .object([:]))
                container["ports"] = elements(container["ports"]) { fill(&$0, "protocol", "TCP") }
            }
        }
        return .object(members)
    }

    private static func pullPolicy(_ image: String) -> JSONValue {
        let name = image.split(separator: "/").last ?? ""
        if name.contains("@") { return "IfNotPresent" }
        let tag = name.split(separator: ":", maxSplits: 1).dropFirst().first
        return tag == nil || tag == "latest" ? "Always" : "IfNotPresent"
    }

    private static func template(_ spec: JSONValue) -> JSONValue {
        var spec = spec
        if var template = spec["template"], let inner = template["spec"] {
            template["spec"] = pod(inner)
            spec["template"] = template
        }
        return spec
    }

    private static func deployment(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = template(spec) else { return spec }
        fill(&members, "replicas", 1)
        fill(&members, "revisionHistoryLimit", 10)
        fill(&members, "progressDeadlineSeconds", 600)
        var strategy = members["strategy"]?.object ?? [:]
        if (strategy["type"]?.string ?? "").isEmpty { strategy["type"] = "RollingUpdate" }
        if strategy["type"] == "RollingUpdate" {
            var limits = strategy["rollingUpdate"]?.object ?? [:]
            fill(&limits, "maxSurge", "25%")
            fill(&limits, "maxUnavailable", "25%")
            strategy["rollingUpdate"] = .object(limits)
        }
        members["strategy"] = .object(strategy)
        return .object(members)
    }

    private static func definition(_ spec: JSONValue) -> JSONValue {
        guard case .object(var members) = spec else { return spec }
        if case .object(var names) = members["names"], let kind = names["kind"]?.string {
            if (names["singular"]?.string ?? "").isEmpty { names["singular"] = .string(kind.lowercased()) }
            if (names["listKind"]?.string ?? "").isEmpty { names["listKind"] = .string(kind + "List") }
            members["names"] = .object(names)
        }
        fill(&members, "conversion", ["strategy": "None"])
        return .object(members)
    }
}
