import KubernetesModel

/// What holds for every object's metadata.
enum MetadataRules {
    /// Keys and values of all annotations together.
    static let maximumAnnotationBytes = 256 << 10

    static func validate(_ object: JSONValue, old: JSONValue?, resource: ResourceKind, into findings: inout Findings) {
        let path = FieldPath("metadata")
        let metadata = object["metadata"] ?? .null
        name(metadata, at: path, resource: resource, into: &findings)
        if resource.isNamespaced {
            let namespace = metadata["namespace"]?.string ?? ""
            if namespace.isEmpty {
                findings.required(path["namespace"])
            } else {
                findings.invalid(path["namespace"], namespace, NameRules.dns1123Label(namespace))
            }
        } else if let namespace = metadata["namespace"]?.string, !namespace.isEmpty {
            findings.forbidden(path["namespace"], "not allowed on this type")
        }
        labels(metadata["labels"], at: path["labels"], into: &findings)
        annotations(metadata["annotations"], at: path["annotations"], into: &findings)
        for (index, finalizer) in (metadata["finalizers"]?.array ?? []).enumerated() {
            let text = finalizer.string ?? ""
            findings.invalid(path["finalizers"][index], text, NameRules.qualifiedName(text))
        }
        owners(metadata["ownerReferences"], at: path["ownerReferences"], into: &findings)
        if let old { update(metadata, old: old["metadata"] ?? .null, at: path, into: &findings) }
    }

    private static func name(
        _ metadata: JSONValue, at path: FieldPath, resource: ResourceKind, into findings: inout Findings
    ) {
        if let prefix = metadata["generateName"]?.string, !prefix.isEmpty {
            // A trailing hyphen is fine: more will follow.
            let base = prefix.hasSuffix("-") ? prefix.dropLast() + "a" : prefix[...]
            findings.invalid(path["generateName"], prefix, rule(for: resource)(String(base)))
        }
        let name = metadata["name"]?.string ?? ""
        if name.isEmpty {
            findings.required(path["name"], "name or generateName is required")
        } else {
            findings.invalid(path["name"], name, rule(for: resource)(name))
        }
    }

    private static func rule(for resource: ResourceKind) -> (String) -> [String] {
        switch (resource.group, resource.kind) {
        case ("", "Service"): NameRules.dns1035Label
        case ("", "Namespace"): NameRules.dns1123Label
        case ("rbac.authorization.k8s.io", _): pathSegment
        default: NameRules.dns1123Subdomain
        }
    }

    private static func pathSegment(_ name: String) -> [String] {
        if name == "." || name == ".." { return ["may not be '\(name)'"] }
        return ["/", "%"].filter { name.contains($0) }.map { "may not contain '\($0)'" }
    }

    static func labels(_ labels: JSONValue?, at path: FieldPath, into findings: inout Findings) {
        for (key, value) in (labels?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            findings.invalid(path, key, NameRules.qualifiedName(key))
            let text = value.string ?? ""
            findings.invalid(path, text, NameRules.labelValue(text))
        }
    }

    private static func annotations(_ annotations: JSONValue?, at path: FieldPath, into findings: inout Findings) {
        var bytes = 0
        for (key, value) in (annotations?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            findings.invalid(path, key, NameRules.qualifiedName(key.lowercased()))
            bytes += key.utf8.count + (value.string?.utf8.count ?? 0)
        }
        if bytes > maximumAnnotationBytes { findings.tooLong(path, limit: maximumAnnotationBytes) }
    }

    private static func owners(_ owners: JSONValue?, at path: FieldPath, into findings: inout Findings) {
        var controllers = 0
        for (index, owner) in (owners?.array ?? []).enumerated() {
            for key in ["apiVersion", "kind", "name", "uid"] where (owner[key]?.string ?? "").isEmpty {
                findings.invalid(path[index][key], owner[key] ?? "", "must not be empty")
            }
            if owner["controller"]?.bool == true { controllers += 1 }
        }
        if controllers > 1 {
            findings.invalid(
                path, owners, "Only one reference can have Controller set to true. Found \(controllers) references")
        }
    }

    private static func update(
        _ metadata: JSONValue, old: JSONValue, at path: FieldPath, into findings: inout Findings
    ) {
        for key in ["name", "namespace", "uid", "creationTimestamp"] where metadata[key] != nil {
            findings.immutable(path[key], metadata[key], old[key])
        }
        guard let deletion = old["deletionTimestamp"], !deletion.isNull else { return }
        let before = Set(old["finalizers"]?.array ?? [])
        let added = (metadata["finalizers"]?.array ?? []).filter { !before.contains($0) }
        if !added.isEmpty {
            let list = added.map { Findings.printed($0) }.joined(separator: ", ")
            findings.forbidden(
                path["finalizers"],
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}")
        }
    }
}
