import KubernetesModel

/// What the server prints of an object: the columns of its kind.
enum TableRows {
    static func columns(of resource: APIResource) -> JSONValue {
        [
            column("Name", format: "name", "Name must be unique within a namespace."),
            column("Age", "When the object was created."),
        ]
    }

    static func cells(of object: JSONValue, resource: APIResource, now: Timestamp) -> [JSONValue] {
        [object["metadata"]?["name"] ?? "", object["metadata"]?["creationTimestamp"] ?? ""]
    }

    private static func column(_ name: String, format: String = "", _ description: String) -> JSONValue {
        [
            "name": .string(name), "type": "string", "format": .string(format), "description": .string(description),
            "priority": 0,
        ]
    }
}
