import KubernetesModel

/// What a CustomResourceDefinition says, read and checked.
struct CustomKind: Sendable {
    struct Version: Sendable {
        var name: String
        var served: Bool
        var schema: StructuralSchema
        /// The schema as it was written, for `kubectl explain`.
        var document: JSONValue
        /// The same for field ownership.
        var node: SchemaNode
        var hasStatus: Bool
        var scale: APIResource.Scale?
        var printerColumns: [APIResource.PrinterColumn]
        var selectableFields: [String]
        var deprecationWarning: String?
    }

    var name: String
    var group: String
    var plural: String
    var singular: String
    var kind: String
    var listKind: String
    var shortNames: [String]
    var categories: [String]
    var isNamespaced: Bool
    var versions: [Version]
    var storageVersion: Version

    var key: StorageKey { StorageKey(group: group, plural: plural) }

    func resource(_ version: Version) -> APIResource {
        var resource = APIResource(
            ResourceKind(group: group, version: version.name, kind: kind, plural: plural, isNamespaced: isNamespaced),
            singular: singular, shortNames: shortNames, categories: categories, hasStatus: version.hasStatus,
            generation: version.hasStatus ? .specification : .everything,
            selectableFields: Dictionary(version.selectableFields.map { ($0, "") }, uniquingKeysWith: { a, _ in a }))
        resource.isCustom = true
        resource.scale = version.scale
        resource.printerColumns = version.printerColumns
        return resource
    }

    private func schema(_ version: String) -> StructuralSchema {
        versions.first { $0.name == version }?.schema ?? storageVersion.schema
    }

    /// The fields of a version's objects, for their ownership.
    func node(of version: String) -> SchemaNode? { versions.first { $0.name == version }?.node }

    /// Removes fields that the schema does not know, and names them.
    func prune(_ object: inout JSONValue, version: String) -> [String] {
        var unknown: [String] = []
        schema(version).prune(&object, isRoot: true, path: "", unknown: &unknown)
        return unknown
    }

    func applyDefaults(_ object: inout JSONValue, version: String) {
        schema(version).applyDefaults(&object)
    }

    func errors(_ object: JSONValue, old: JSONValue?, version: String) -> [FieldError] {
        let schema = schema(version)
        var errors: [FieldError] = []
        schema.validate(object, old: old, path: "", isRoot: true, errors: &errors)
        guard schema.hasRules else { return errors }
        let blocking: [FieldError.ErrorType] = [.required, .tooLong, .tooMany, .typeInvalid]
        guard !errors.contains(where: { blocking.contains($0.type) }) else {
            return errors + [Self.uncheckedRules]
        }
        var budget = StructuralSchema.ruleBudget
        schema.checkRules(object, old: old, path: "", isRoot: true, budget: &budget, errors: &errors)
        return errors
    }
}

extension CustomKind {
    private static let uncheckedRules = FieldError(
        .invalid, field: "<nil>", value: "null",
        detail: "some validation rules were not checked because the object was invalid; correct the existing errors to "
            + "complete validation")

    /// Refuses a definition that names nothing, has no structural schema, or asks for what this server cannot do.
    init(_ definition: JSONValue) throws(APIFailure) {
        let spec = definition["spec"] ?? [:]
        let names = spec["names"] ?? [:]
        var errors: [FieldError] = []
        func required(_ value: JSONValue?, _ field: String) -> String {
            guard let text = value?.string, !text.isEmpty else {
                errors.append(FieldError(.required, field: field, detail: ""))
                return ""
            }
            return text
        }
        name = definition["metadata"]?["name"]?.string ?? ""
        group = required(spec["group"], "spec.group")
        plural = required(names["plural"], "spec.names.plural")
        kind = required(names["kind"], "spec.names.kind")
        singular = names["singular"]?.string ?? kind.lowercased()
        listKind = names["listKind"]?.string ?? kind + "List"
        shortNames = (names["shortNames"]?.array ?? []).compactMap(\.string)
        categories = (names["categories"]?.array ?? []).compactMap(\.string)
        let scope = required(spec["scope"], "spec.scope")
        isNamespaced = scope == "Namespaced"
        if !scope.isEmpty, !["Namespaced", "Cluster"].contains(scope) {
            errors.append(
                FieldError(
                    .notSupported, field: "spec.scope", value: "\"\(scope)\"",
                    detail: "supported values: \"Cluster\", \"Namespaced\""))
        }
        if name != "\(plural).\(group)" {
            errors.append(
                FieldError(
                    .invalid, field: "metadata.name", value: "\"\(name)\"",
                    detail: "must be spec.names.plural+\".\"+spec.group"))
        }
        if let strategy = spec["conversion"]?["strategy"]?.string, strategy != "None" {
            errors.append(
                FieldError(
                    .notSupported, field: "spec.conversion.strategy", value: "\"\(strategy)\"",
                    detail: "this local cluster converts by \"None\" only"))
        }
        versions = []
        var storage: [Version] = []
        for (index, item) in (spec["versions"]?.array ?? []).enumerated() {
            let version = Version(item, field: "spec.versions[\(index)]", errors: &errors)
            versions.append(version)
            if item["storage"]?.bool == true { storage.append(version) }
        }
        if storage.count != 1 {
            errors.append(
                FieldError(
                    .invalid, field: "spec.versions", detail: "must have exactly one version marked as storage version")
            )
        }
        guard errors.isEmpty, let stored = storage.first else {
            throw .invalid(BuiltInKinds.customResourceDefinitions, name: name, errors)
        }
        storageVersion = stored
    }
}

extension CustomKind.Version {
    fileprivate init(_ item: JSONValue, field: String, errors: inout [FieldError]) {
        name = item["name"]?.string ?? ""
        if name.isEmpty { errors.append(FieldError(.required, field: field + ".name", detail: "")) }
        served = item["served"]?.bool ?? false
        document = item["schema"]?["openAPIV3Schema"] ?? [:]
        if item["schema"]?["openAPIV3Schema"]?.object == nil {
            errors.append(
                FieldError(.required, field: field + ".schema.openAPIV3Schema", detail: "schemas are required"))
        }
        schema = StructuralSchema(
            document, field: field + ".schema.openAPIV3Schema", at: StructuralSchema.Place(isRoot: true),
            errors: &errors)
        node = OpenAPISchema.node(document)
        hasStatus = item["subresources"]?["status"] != nil
        scale = (item["subresources"]?["scale"]).map { scale in
            APIResource.Scale(
                specReplicasPath: Self.path(scale["specReplicasPath"]?.string ?? ".spec.replicas"),
                statusReplicasPath: Self.path(scale["statusReplicasPath"]?.string ?? ".status.replicas"),
                labelSelectorPath: (scale["labelSelectorPath"]?.string).map(Self.path))
        }
        printerColumns = (item["additionalPrinterColumns"]?.array ?? []).map { column in
            APIResource.PrinterColumn(
                name: column["name"]?.string ?? "", type: column["type"]?.string ?? "string",
                format: column["format"]?.string ?? "", description: column["description"]?.string ?? "",
                priority: column["priority"]?.integer ?? 0, jsonPath: column["jsonPath"]?.string ?? "")
        }
        selectableFields = (item["selectableFields"]?.array ?? []).compactMap { field in
            (field["jsonPath"]?.string).map { Self.path($0).joined(separator: ".") }
        }
        deprecationWarning =
            item["deprecated"]?.bool == true ? item["deprecationWarning"]?.string ?? "this version is deprecated" : nil
    }

    /// `.spec.replicas` as its keys.
    private static func path(_ text: String) -> [String] { text.split(separator: ".").map(String.init) }
}
