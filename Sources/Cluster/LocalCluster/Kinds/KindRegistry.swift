import KubernetesModel

/// What is served at this moment: the built-in kinds, and those of the established CustomResourceDefinitions.
struct KindRegistry: Sendable {
    struct Location: Hashable, Sendable {
        var group: String
        var version: String
        var plural: String
    }

    private(set) var resources: [Location: APIResource] = [:]
    /// By name of the definition: `widgets.example.com`.
    private(set) var customKinds: [String: CustomKind] = [:]
    private var storages: [StorageKey: APIResource] = [:]

    init(builtIn: [APIResource] = BuiltInKinds.all) {
        for resource in builtIn { insert(resource) }
    }

    subscript(group group: String, version version: String, plural plural: String) -> APIResource? {
        resources[Location(group: group, version: version, plural: plural)]
    }

    /// The kind in the version in which it is stored.
    subscript(key key: StorageKey) -> APIResource? { storages[key] }

    /// The custom kind behind a resource; `nil` for a built-in one.
    func customKind(of key: StorageKey) -> CustomKind? { customKinds[key.description] }

    /// The fields of a custom resource in its version; `nil` for a built-in kind.
    func schemaNode(of resource: APIResource) -> SchemaNode? {
        guard resource.isCustom else { return nil }
        return customKind(of: resource.storageKey)?.node(of: resource.resource.version)
    }

    var storageKeys: [StorageKey] { storages.values.filter { !$0.isReview }.map(\.storageKey).sorted() }

    /// Every kind, by group, version and name.
    var sorted: [APIResource] {
        resources.values.sorted {
            ($0.resource.group, $0.resource.version, $0.resource.plural)
                < ($1.resource.group, $1.resource.version, $1.resource.plural)
        }
    }

    func resource(apiVersion: String, kind: String) -> APIResource? {
        resources.values.first { $0.resource.apiVersion == apiVersion && $0.resource.kind == kind }
    }

    func serves(group: String, version: String) -> Bool {
        resources.keys.contains { $0.group == group && $0.version == version }
    }

    mutating func define(_ custom: CustomKind) {
        remove(customKind: custom.name)
        customKinds[custom.name] = custom
        for version in custom.versions where version.served { insert(custom.resource(version)) }
        storages[custom.key] = custom.resource(custom.storageVersion)
    }

    mutating func remove(customKind name: String) {
        guard let old = customKinds.removeValue(forKey: name) else { return }
        for version in old.versions {
            resources[Location(group: old.group, version: version.name, plural: old.plural)] = nil
        }
        storages[old.key] = nil
    }

    private mutating func insert(_ resource: APIResource) {
        let kind = resource.resource
        resources[Location(group: kind.group, version: kind.version, plural: kind.plural)] = resource
        if storages[resource.storageKey] == nil { storages[resource.storageKey] = resource }
    }
}
