import KubernetesModel

extension FieldManager {
    /// Members of metadata that nobody owns.
    private static let unowned = [
        "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
        "resourceVersion",
    ]

    /// The object as far as its fields have owners.
    static func stripped(_ object: JSONValue) -> JSONValue {
        guard case .object(var members) = object else { return .object([:]) }
        members.removeValue(forKey: "apiVersion")
        members.removeValue(forKey: "kind")
        if case .object(var metadata) = members["metadata"] {
            for key in unowned { metadata.removeValue(forKey: key) }
            members["metadata"] = metadata.isEmpty ? Optional.none : .object(metadata)
        }
        return .object(members)
    }

    static func withoutManagedFields(_ object: JSONValue) -> JSONValue {
        guard object["metadata"]?["managedFields"] != nil else { return object }
        var object = object
        var metadata = object["metadata"] ?? .object([:])
        metadata["managedFields"] = Optional.none
        object["metadata"] = metadata
        return object
    }

    /// The configuration without what this request may not set (`status` by way of the object, all but `status` by way
    /// of its subresource) and without nulls; throws 400 if it does not fit the kind.
    static func checked(
        _ configuration: JSONValue, _ node: SchemaNode, subresource: String, resource: ResourceKind
    ) throws(APIFailure) -> JSONValue {
        guard var members = configuration.object else { throw .badRequest("an apply patch must be an object") }
        guard members["metadata"]?["managedFields"]?.isNull ?? true else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        if subresource == "status" {
            members = members.filter { ["apiVersion", "kind", "metadata", "status"].contains($0.key) }
        } else if BuiltInSchema.knows(resource) {
            members["status"] = Optional.none
        }
        let clean = withoutNulls(.object(members))
        if let problem = firstProblem(clean, node, at: "", depth: 0) {
            let name = configuration["metadata"]?["name"]?.string ?? ""
            let namespace = configuration["metadata"]?["namespace"]?.string.map { "\($0)/" } ?? "/"
            throw .badRequest(
                "failed to create typed patch object (\(namespace)\(name); \(resource.apiVersion), "
                    + "Kind=\(resource.kind)): \(problem)")
        }
        return clean
    }

    private static func withoutNulls(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members): .object(members.filter { !$0.value.isNull }.mapValues(withoutNulls))
        case .array(let elements): .array(elements.map(withoutNulls))
        default: value
        }
    }

    /// Fields that the kind does not have, and list elements that cannot be told apart.
    private static func firstProblem(
        _ value: JSONValue, _ node: SchemaNode, at path: String, depth: Int
    ) -> String? {
        guard depth < FieldSet.maximumDepth else { return "\(path): too deep" }
        switch value {
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                guard let next = node.isScalar ? .any : node.member(key) else {
                    return "\(path).\(key): field not declared in schema"
                }
                if let found = firstProblem(member, next, at: "\(path).\(key)", depth: depth + 1) { return found }
            }
        case .array(let elements):
            let (element, schema) = node.list
            if let found = firstClash(elements, schema, at: path) { return found }
            for (index, member) in elements.enumerated() {
                if let found = firstProblem(member, element, at: "\(path)[\(index)]", depth: depth + 1) {
                    return found
                }
            }
        default: break
        }
        return nil
    }

    private static func firstClash(_ elements: [JSONValue], _ schema: ListSchema, at path: String) -> String? {
        guard schema.topology != .atomic else { return nil }
        var seen: Set<PathElement> = []
        for (index, element) in elements.enumerated() {
            guard let name = Granularity.path(of: element, schema) else {
                return "\(path): element \(index): associative list with keys has an element that omits a key field"
            }
            if !seen.insert(name).inserted { return "\(path): duplicate entries for key \(name)" }
        }
        return nil
    }
}
