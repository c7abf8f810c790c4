package import KubernetesModel

/// Which objects of a kind.
package struct Selection: Hashable, Sendable {
    /// `nil` means all namespaces.
    package var namespace: String?
    /// As in `kubectl -l`.
    package var labels: String?
    /// As in `kubectl --field-selector`.
    package var fields: String?

    package init(namespace: String? = nil, labels: String? = nil, fields: String? = nil) {
        self.namespace = namespace
        self.labels = labels
        self.fields = fields
    }
}

/// Which part of a list.
package struct Page: Hashable, Sendable {
    package var limit: Int?
    /// From the page before.
    package var `continue`: String?

    package init(limit: Int? = nil, continue: String? = nil) {
        self.limit = limit
        self.continue = `continue`
    }
}

/// A page of a list. Objects that cannot be read stand apart, so that the others are of use.
package struct ObjectList<O: KubernetesObject>: Decodable, Sendable {
    package var items: [O]
    package var undecodable: [UndecodableObject]
    package var resourceVersion: String
    /// Asks for the next page; `nil` on the last.
    package var `continue`: String?

    private enum CodingKeys: CodingKey {
        case metadata, items
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let metadata = try container.decode(ListMeta.self, forKey: .metadata)
        resourceVersion = metadata.resourceVersion ?? ""
        `continue` = metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
        items = []
        undecodable = []
        // Go writes a list without objects as null.
        guard try container.contains(.items) && !container.decodeNil(forKey: .items) else { return }
        var list = try container.nestedUnkeyedContainer(forKey: .items)
        items.reserveCapacity(list.count ?? 0)
        while !list.isAtEnd {
            switch try list.decode(Lossy<O>.self).value {
            case .success(let object): items.append(object)
            case .failure(let failure): undecodable.append(failure.object)
            }
        }
    }
}

/// An object with the two fields that its Swift type implies.
struct Typed<O: KubernetesObject>: Encodable {
    var object: O

    private enum CodingKeys: CodingKey {
        case apiVersion, kind
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(O.resource.apiVersion, forKey: .apiVersion)
        try container.encode(O.resource.kind, forKey: .kind)
        try object.encode(to: encoder)
    }
}
