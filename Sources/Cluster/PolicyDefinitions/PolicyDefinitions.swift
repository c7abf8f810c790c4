package import KubernetesModel

/// The CustomResourceDefinitions of Fairway's own kinds. `Deploy/crds` holds what is printed here.
package enum PolicyDefinitions {
    package static let all: [JSONValue] = [
        definition(of: ClientPolicy.resource, shortName: "clp", schema: clientPolicySchema, columns: []),
        definition(
            of: RateLimitPolicy.resource, shortName: "rlp", schema: rateLimitPolicySchema,
            columns: [
                column("Limits", ".spec.limits[*].name", "The names of the limits under spec.limits."),
                column("Defaults", ".spec.defaults.limits[*].name", "The names of default limits.", isWide: true),
                column("Overrides", ".spec.overrides.limits[*].name", "The names of overriding limits.", isWide: true),
            ]),
    ]

    /// One definition as a file of `Deploy/crds`.
    package struct File: Sendable {
        package var name: String
        package var text: String
    }

    package static var files: [File] {
        all.map { definition in
            let name = definition[path: "metadata", "name"]?.string ?? ""
            return File(
                name: name.split(separator: ".").first.map { "\($0).yaml" } ?? name,
                text: DefinitionYAML.text(definition))
        }
    }

    /// All of them as one stream, for `kubectl apply -f -`.
    package static var yaml: String { files.map { "---\n" + $0.text }.joined() }

    private static func definition(
        of kind: ResourceKind, shortName: String, schema: Schema, columns: [JSONValue]
    ) -> JSONValue {
        let name = kind.kind.lowercased()
        let common = [
            column("Targets", ".spec.targetRefs[*].name", "The names of the objects that the policy is for.")
        ]
        let state = [
            column(
                "Accepted", ".status.ancestors[*].conditions[?(@.type==\"Accepted\")].status",
                "Whether the policy is understood and in force, for each ancestor."),
            column(
                "Programmed", ".status.ancestors[*].conditions[?(@.type==\"Programmed\")].status",
                "Whether every proxy has acknowledged it, for each ancestor."),
            column("Age", ".metadata.creationTimestamp", "How long the policy is there.", type: "date"),
        ]
        return [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": [
                "name": .string("\(kind.plural).\(kind.group)"),
                "labels": ["gateway.networking.k8s.io/policy": "Inherited"],
            ],
            "spec": [
                "group": .string(kind.group), "scope": "Namespaced",
                "names": [
                    "kind": .string(kind.kind), "listKind": .string("\(kind.kind)List"),
                    "plural": .string(kind.plural), "singular": .string(name), "shortNames": [.string(shortName)],
                    "categories": ["fairway"],
                ],
                "versions": [
                    [
                        "name": .string(kind.version), "served": true, "storage": true,
                        "schema": ["openAPIV3Schema": schema.document], "subresources": ["status": [:]],
                        "additionalPrinterColumns": .array(common + columns + state),
                    ]
                ],
            ],
        ]
    }

    private static func column(
        _ name: String, _ path: String, _ description: String, type: String = "string", isWide: Bool = false
    ) -> JSONValue {
        var column: JSONValue = [
            "name": .string(name), "type": .string(type), "jsonPath": .string(path),
            "description": .string(description),
        ]
        if isWide { column["priority"] = 1 }
        return column
    }
}
