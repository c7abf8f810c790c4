import KubernetesModel

/// What `apiextensions.k8s.io/v1` asks of a schema itself ("Specifying a structural schema").
enum StructuralRules {
    private static let types: Set<String> = ["object", "array", "string", "integer", "number", "boolean"]

    static func check(
        _ document: JSONValue, field: String, at place: StructuralSchema.Place, errors: inout [FieldError]
    ) {
        func refuse(_ member: String, _ detail: String, _ type: FieldError.ErrorType = .forbidden) {
            errors.append(FieldError(type, field: "\(field).\(member)", detail: detail))
        }
        if document["$ref"] != nil { refuse("$ref", "$ref is not supported") }
        for member in ["dependencies", "patternProperties", "definitions", "additionalItems"]
        where document[member] != nil {
            refuse(member, "\(member) is not supported")
        }
        if place.isJunctor {
            for member in ["default", "x-kubernetes-validations", "additionalProperties"] where document[member] != nil
            {
                refuse(member, "must be undefined to be structural")
            }
            return
        }
        let type = document["type"]?.string ?? ""
        if place.isRoot, type != "object" {
            errors.append(
                FieldError(
                    .invalid, field: field + ".type", value: Findings.quoted(type), detail: "must be object at the root"
                ))
        } else if type.isEmpty {
            if document["x-kubernetes-int-or-string"] != true, document["x-kubernetes-preserve-unknown-fields"] != true
            {
                refuse("type", "must not be empty for specified object fields", .required)
            }
        } else if !types.contains(type) {
            errors.append(
                FieldError(
                    .notSupported, field: field + ".type", value: Findings.quoted(type),
                    detail: "supported values: " + types.sorted().map(Findings.quoted).joined(separator: ", ")))
        }
        if document["properties"]?.object?.isEmpty == false, document["additionalProperties"]?.object != nil {
            refuse("additionalProperties", "additionalProperties and properties are mutual exclusive")
        }
        if type == "array", document["items"] == nil { refuse("items", "must be specified", .required) }
        checkListType(document, type: type, refuse)
    }

    private static func checkListType(
        _ document: JSONValue, type: String, _ refuse: (String, String, FieldError.ErrorType) -> Void
    ) {
        let member = "x-kubernetes-list-type"
        guard let listType = document[member]?.string else { return }
        guard type == "array" else { return refuse(member, "must be empty where type is not array", .forbidden) }
        let items = document["items"] ?? [:]
        switch listType {
        case "atomic": break
        case "set":
            if items["type"] == "object", items["x-kubernetes-map-type"] != "atomic" {
                refuse(member, "items of a set must be atomic", .invalid)
            }
        case "map":
            let keys = (document["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
            if keys.isEmpty { refuse("x-kubernetes-list-map-keys", "must not be empty if list-type is map", .required) }
            let required = (items["required"]?.array ?? []).compactMap(\.string)
            for key in keys {
                guard let property = items["properties"]?[key] else {
                    refuse("x-kubernetes-list-map-keys", "\(key) must be a property of the items", .invalid)
                    continue
                }
                if property["default"] == nil, !required.contains(key) {
                    refuse("x-kubernetes-list-map-keys", "\(key) must be required or have a default", .required)
                }
            }
        default: refuse(member, "must be one of \"atomic\", \"set\", \"map\"", .notSupported)
        }
    }
}

extension StructuralSchema {
    /// A default must itself be what the schema asks for.
    func checkDefault(field: String, errors: inout [FieldError]) {
        guard var standard = defaultValue else { return }
        applyDefaults(&standard)
        validate(standard, path: field + ".default", errors: &errors)
    }
}
