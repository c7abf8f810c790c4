/// `v1` Secret. Values are base64 texts, as on the wire, and never printed.
package struct Secret: KubernetesObject {
    package static let resource = ResourceKind(group: "", version: "v1", kind: "Secret", plural: "secrets")

    package var metadata: ObjectMeta
    package var type: String?
    package var data: [String: SecretValue]?

    package init(metadata: ObjectMeta, type: String? = nil, data: [String: SecretValue]? = nil) {
        self.metadata = metadata
        self.type = type
        self.data = data
    }
}

/// Base64 text that does not print itself.
package struct SecretValue: Codable, Hashable, Sendable {
    package var base64: String

    package init(base64: String) { self.base64 = base64 }

    package init(from decoder: any Decoder) throws {
        base64 = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(base64)
    }
}

extension SecretValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "redacted" }
    package var debugDescription: String { "redacted" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
