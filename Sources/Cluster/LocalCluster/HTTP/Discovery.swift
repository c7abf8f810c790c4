import KubernetesModel

/// What the server says about the kinds that it serves: the aggregated form (`apidiscovery.k8s.io/v2`) that clients ask
/// for today, and the older one of a document per group and version.
struct Discovery: Sendable {
    static let aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

    private var groups: [(name: String, versions: [(name: String, resources: [APIResource])])] = []

    init(_ registry: KindRegistry) {
        for resource in registry.sorted {
            let kind = resource.resource
            if groups.last?.name != kind.group { groups.append((kind.group, [])) }
            let group = groups.count - 1
            if let index = groups[group].versions.firstIndex(where: { $0.name == kind.version }) {
                groups[group].versions[index].resources.append(resource)
            } else {
                groups[group].versions.append((kind.version, [resource]))
            }
        }
        for index in groups.indices {
            groups[index].versions.sort { VersionPriority($0.name) > VersionPriority($1.name) }
        }
    }

    /// Whether the first form that an `Accept` header wants and we have is the aggregated one.
    static func wantsAggregated(_ accept: String?) -> Bool {
        for range in MediaRange.list(accept ?? "") where range.type == "application/json" {
            if range.parameters["as"] == nil { return false }
            if range.parameters["as"] == "APIGroupDiscoveryList", range.parameters["v"] == "v2" { return true }
        }
        return false
    }

    /// `/api` (the core group) or `/apis` (all others), aggregated.
    func aggregated(isCore: Bool) -> JSONValue {
        let items = groups.filter { $0.name.isEmpty == isCore }.map { group -> JSONValue in
            var metadata: JSONValue = ["creationTimestamp": nil]
            if !isCore { metadata["name"] = .string(group.name) }
            let versions = group.versions.map { version -> JSONValue in
                [
                    "version": .string(version.name), "freshness": "Current",
                    "resources": .array(version.resources.map(Self.aggregatedResource)),
                ]
            }
            return ["metadata": metadata, "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(items),
        ]
    }

    private static func aggregatedResource(_ resource: APIResource) -> JSONValue {
        let kind = resource.resource
        let responseKind: JSONValue = ["group": "", "version": "", "kind": .string(kind.kind)]
        var value: JSONValue = [
            "resource": .string(kind.plural), "responseKind": responseKind,
            "scope": kind.isNamespaced ? "Namespaced" : "Cluster", "singularResource": .string(resource.singular),
            "verbs": .array(resource.verbs.map(JSONValue.string)),
        ]
        if !resource.shortNames.isEmpty { value["shortNames"] = .array(resource.shortNames.map(JSONValue.string)) }
        if !resource.categories.isEmpty { value["categories"] = .array(resource.categories.map(JSONValue.string)) }
        var subresources: [JSONValue] = []
        if resource.hasStatus {
            subresources.append([
                "subresource": "status", "responseKind": responseKind, "verbs": ["get", "patch", "update"],
            ])
        }
        if ScaleObject.scale(of: resource) != nil {
            subresources.append([
                "subresource": "scale",
                "responseKind": ["group": "autoscaling", "version": "v1", "kind": "Scale"],
                "verbs": ["get", "patch", "update"],
            ])
        }
        if !subresources.isEmpty { value["subresources"] = .array(subresources) }
        return value
    }

    /// `/api` in the older form.
    func coreVersions() -> JSONValue {
        ["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []]
    }

    /// `/apis` in the older form.
    func groupList() -> JSONValue {
        [
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": .array(groups.filter { !$0.name.isEmpty }.map { Self.group($0.name, $0.versions.map(\.name)) }),
        ]
    }

    /// `/apis/GROUP`.
    func group(_ name: String) -> JSONValue? {
        guard let group = groups.first(where: { $0.name == name }) else { return nil }
        var value = Self.group(name, group.versions.map(\.name))
        value["kind"] = "APIGroup"
        value["apiVersion"] = "v1"
        return value
    }

    private static func group(_ name: String, _ versions: [String]) -> JSONValue {
        let list = versions.map { version -> JSONValue in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(list), "preferredVersion": list.first ?? nil]
    }

    /// `/api/v1` or `/apis/GROUP/VERSION`.
    func resourceList(group: String, version: String) -> JSONValue? {
        guard
            let resources = groups.first(where: { $0.name == group })?.versions.first(where: { $0.name == version })?
                .resources
        else { return nil }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
            "resources": .array(resources.flatMap(Self.plainResources)),
        ]
    }

    private static func plainResources(_ resource: APIResource) -> [JSONValue] {
        let kind = resource.resource
        var value: JSONValue = [
            "name": .string(kind.plural), "singularName": .string(resource.singular),
            "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
            "verbs": .array(resource.verbs.map(JSONValue.string)),
        ]
        if !resource.shortNames.isEmpty { value["shortNames"] = .array(resource.shortNames.map(JSONValue.string)) }
        if !resource.categories.isEmpty { value["categories"] = .array(resource.categories.map(JSONValue.string)) }
        var all = [value]
        func subresource(_ name: String, kind: String) -> JSONValue {
            [
                "name": .string("\(resource.resource.plural)/\(name)"), "singularName": "",
                "namespaced": .bool(resource.resource.isNamespaced), "kind": .string(kind),
                "verbs": ["get", "patch", "update"],
            ]
        }
        if resource.hasStatus { all.append(subresource("status", kind: kind.kind)) }
        if ScaleObject.scale(of: resource) != nil {
            var scale = subresource("scale", kind: "Scale")
            scale["group"] = "autoscaling"
            scale["version"] = "v1"
            all.append(scale)
        }
        return all
    }
}

/// The order of versions that clients prefer: stable before beta before alpha, newer before older.
struct VersionPriority: Comparable {
    private var stage: Int
    private var major: Int
    private var minor: Int
    private var name: String

    init(_ name: String) {
        self.name = name
        (stage, major, minor) = (0, 0, 0)
        guard let match = name.wholeMatch(of: /v([0-9]+)(?:(alpha|beta)([0-9]+))?/) else { return }
        major = Int(match.1) ?? 0
        minor = match.3.flatMap { Int($0) } ?? 0
        stage =
            switch match.2 {
            case "alpha": 1
            case "beta": 2
            default: 3
            }
    }

    static func < (a: VersionPriority, b: VersionPriority) -> Bool {
        if (a.stage, a.major, a.minor) != (b.stage, b.major, b.minor) {
            return (a.stage, a.major, a.minor) < (b.stage, b.major, b.minor)
        }
        return a.name > b.name
    }
}
