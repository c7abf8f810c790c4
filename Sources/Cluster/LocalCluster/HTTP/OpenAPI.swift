import KubernetesModel

/// As much OpenAPI v3 as kubectl asks for: that PATCH takes `fieldValidation` (else it would validate by itself), and
/// the schemas of all kinds for `kubectl explain`.
struct OpenAPI: Sendable {
    var registry: KindRegistry

    /// `/openapi/v3`: where the document of each group and version is. The hash changes with the content, because
    /// clients cache by it.
    func index() -> JSONValue {
        var paths: JSONValue = [:]
        for path in Set(registry.sorted.map { Self.path($0.resource) }) {
            let document = document(path: path) ?? nil
            let hash = Self.hash(document.serialized())
            paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash)")]
        }
        return ["paths": paths]
    }

    /// The document at `api/v1` or `apis/GROUP/VERSION`.
    func document(path: String) -> JSONValue? {
        let resources = registry.sorted.filter { Self.path($0.resource) == path }
        guard !resources.isEmpty else { return nil }
        var paths: JSONValue = [:]
        var schemas: JSONValue = [:]
        for resource in resources {
            let kind = resource.resource
            let scope = kind.isNamespaced ? "namespaces/{namespace}/" : ""
            paths["/\(path)/\(scope)\(kind.plural)/{name}"] = operations(kind)
            schemas[Self.schemaName(kind)] = schema(resource)
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": "v1.37.0"], "paths": paths,
            "components": ["schemas": schemas],
        ]
    }

    private static func path(_ kind: ResourceKind) -> String {
        kind.group.isEmpty ? "api/\(kind.version)" : "apis/\(kind.group)/\(kind.version)"
    }

    private func operations(_ kind: ResourceKind) -> JSONValue {
        let identity: JSONValue = [
            "group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind),
        ]
        func parameter(_ name: String) -> JSONValue {
            ["name": .string(name), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
        }
        return [
            "patch": [
                "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": identity,
                "parameters": [
                    parameter("dryRun"), parameter("fieldManager"), parameter("fieldValidation"), parameter("force"),
                ],
                "responses": ["200": ["description": "OK"]],
            ]
        ]
    }

    private func schema(_ resource: APIResource) -> JSONValue {
        let kind = resource.resource
        let custom = registry.customKind(of: resource.storageKey)
        var schema =
            custom?.versions.first { $0.name == kind.version }?.document
            ?? BuiltInSchema.openAPIv3(for: kind)
            ?? ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        var properties = schema["properties"] ?? [:]
        for (name, text) in Self.commonProperties {
            properties[name] = ["type": "string", "description": .string(text)]
        }
        if custom != nil { properties["metadata"] = ["type": "object", "description": "Standard object's metadata."] }
        schema["properties"] = properties
        schema["x-kubernetes-group-version-kind"] = [
            ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
        ]
        return schema
    }

    private static let commonProperties = [
        "apiVersion": "The version of the schema of this object.", "kind": "The kind of this object.",
    ]

    private static func schemaName(_ kind: ResourceKind) -> String {
        let group = kind.group.isEmpty ? "core" : kind.group.split(separator: ".").reversed().joined(separator: ".")
        return "\(group).\(kind.version).\(kind.kind)"
    }

    /// FNV-1a: only equality matters.
    private static func hash(_ bytes: [UInt8]) -> String {
        let value = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(value, radix: 16)
    }
}
