import KubernetesModel

/// An object that may be stored as it is.
struct CheckedObject {
    var object: JSONValue
    var warnings: [String]
}

extension ClusterState {
    /// Fills in defaults and refuses what the kind does not allow: the part that creating and changing have in common.
    func checked(
        _ object: JSONValue, old: JSONValue?, resource: APIResource, name: ObjectName, options: WriteOptions
    ) throws(APIFailure) -> CheckedObject {
        var object = object
        var warnings: [String] = []
        var errors: [FieldError] = []
        if let custom = registry.customKind(of: resource.storageKey) {
            let unknown = custom.prune(&object, version: resource.resource.version)
            warnings += try unknownFields(unknown, options: options)
            custom.applyDefaults(&object, version: resource.resource.version)
            errors += custom.errors(object, old: old, version: resource.resource.version)
        } else {
            if let failure = Admission.malformed(object, resource: resource.resource) { throw failure }
            warnings += try unknownFields(
                Admission.unknownFields(object, resource: resource.resource), options: options)
            object = Admission.defaulted(
                Admission.pruned(object, resource: resource.resource), resource: resource.resource)
            if resource.storageKey == Keys.services, let old {
                object = ServiceAllocator.inheriting(object, from: old)
            }
        }
        errors += Admission.validate(object, old: old, resource: resource.resource)
        guard errors.isEmpty else { throw .invalid(resource.resource, name: name.name, errors) }
        return CheckedObject(object: object, warnings: warnings)
    }

    /// The last step before an object is stored: what the server adds by itself, and no manager owns. May reserve
    /// addresses; see `withdraw`.
    mutating func completed(
        _ object: JSONValue, old: JSONValue?, resource: APIResource, now: Timestamp
    ) throws(APIFailure) -> JSONValue {
        switch resource.storageKey {
        case Keys.services: try services.allocate(object, old: old)
        case Keys.definitions: try acceptedDefinition(object, old: old, now: now)
        default: object
        }
    }

    /// Gives back what a plan reserved that is not committed.
    mutating func withdraw(_ write: PlannedWrite) {
        guard let change = write.change, change.key == Keys.services, let new = change.new else { return }
        services.revert(new.value, to: change.old?.value)
    }

    private func unknownFields(_ found: [String], options: WriteOptions) throws(APIFailure) -> [String] {
        guard !found.isEmpty else { return [] }
        let texts = found.map { $0.hasPrefix("unknown field") ? $0 : "unknown field \"\($0)\"" }
        switch options.fieldValidation {
        case .ignore: return []
        case .warn: return texts
        case .strict: throw .badRequest("strict decoding error: " + texts.joined(separator: ", "))
        }
    }

    /// The object in the version in which its kind is stored.
    func stored(_ object: JSONValue, resource: APIResource) -> JSONValue {
        guard resource.isCustom, let storage = registry[key: resource.storageKey] else { return object }
        var object = object
        object["apiVersion"] = .string(storage.resource.apiVersion)
        return object
    }

    /// The stored object in the version that a client asks for.
    func served(_ object: StoredObject, as resource: APIResource) -> JSONValue {
        var value = object.value
        if resource.isCustom { value["apiVersion"] = .string(resource.resource.apiVersion) }
        return value
    }
}
