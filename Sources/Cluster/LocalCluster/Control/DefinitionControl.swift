import KubernetesModel

/// CustomResourceDefinitions: served as soon as they are stored; they take their objects with them.
extension ClusterState {
    private static let cleanup: JSONValue = "customresourcecleanup.apiextensions.k8s.io"

    /// The definition with the status that its acceptance gives it, or why it is refused.
    func acceptedDefinition(_ object: JSONValue, old: JSONValue?, now: Timestamp) throws(APIFailure) -> JSONValue {
        let kind = try CustomKind(object)
        let conflict = nameConflict(of: kind)
        var object = object
        if old == nil { object["metadata"]?["finalizers"] = [Self.cleanup] }
        object["status"] = DefinitionStatus.make(kind, conflict: conflict, old: old?["status"], now: now)
        return object
    }

    /// The name of this definition that another kind of its group has already.
    private func nameConflict(of kind: CustomKind) -> String? {
        let others = registry.sorted.filter { $0.resource.group == kind.group && $0.resource.plural != kind.plural }
        for other in others {
            let taken = Set([other.resource.plural, other.singular] + other.shortNames)
            for name in [kind.plural, kind.singular] + kind.shortNames where taken.contains(name) {
                return "\"\(name)\" is already in use"
            }
            if other.resource.kind == kind.kind || other.listKind == kind.kind {
                return "\"\(kind.kind)\" is already in use"
            }
        }
        if registry[key: kind.key] != nil, registry.customKind(of: kind.key) == nil {
            return "\"\(kind.plural)\" is already in use"
        }
        return nil
    }

    mutating func definitionChanged(_ change: StoredChange) {
        guard let definition = change.new?.value else {
            registry.remove(customKind: change.name.name)
            return
        }
        // It was read when it was checked; a name conflict keeps it from being served.
        guard let kind = try? CustomKind(definition), nameConflict(of: kind) == nil else { return }
        registry.define(kind)
    }

    mutating func definitionTerminating(_ name: String) {
        if let kind = registry.customKinds[name] {
            for object in store.list(kind.key) {
                tasks.add(.evict(ObjectStore.Reference(key: kind.key, name: object.name)))
            }
        }
        tasks.add(.finishDefinition(name))
    }

    mutating func finishDefinition(_ name: String, now: Timestamp) throws(APIFailure) -> PlannedWrite? {
        let reference = ObjectStore.Reference(key: Keys.definitions, name: ObjectName(name: name))
        guard store[reference.key, reference.name]?.isTerminating == true else { return nil }
        if let kind = registry.customKinds[name], !store.list(kind.key).isEmpty { return nil }
        return rewrite(reference) { definition in
            let finalizers = definition["metadata"]?["finalizers"]?.array ?? []
            let rest = finalizers.filter { $0 != Self.cleanup }
            definition["metadata"]?["finalizers"] = rest.isEmpty ? JSONValue?.none : .array(rest)
        }
    }
}

/// `status` of a definition: whether its names are free and its kind is served.
enum DefinitionStatus {
    static func make(_ kind: CustomKind, conflict: String?, old: JSONValue?, now: Timestamp) -> JSONValue {
        let accepted: JSONValue = [
            "plural": .string(kind.plural), "singular": .string(kind.singular), "kind": .string(kind.kind),
            "listKind": .string(kind.listKind), "shortNames": .array(kind.shortNames.map(JSONValue.string)),
            "categories": .array(kind.categories.map(JSONValue.string)),
        ]
        let names = condition(
            "NamesAccepted", conflict == nil, reason: conflict == nil ? "NoConflicts" : "NamesConflict",
            message: conflict ?? "no conflicts found", old: old, now: now)
        let established = condition(
            "Established", conflict == nil, reason: conflict == nil ? "InitialNamesAccepted" : "NotAccepted",
            message: conflict == nil ? "the initial names have been accepted" : "not all names are accepted", old: old,
            now: now)
        let before = (old?["storedVersions"]?.array ?? []).compactMap(\.string)
        let storage = kind.storageVersion.name
        let versions = before.contains(storage) ? before : before + [storage]
        return [
            "acceptedNames": conflict == nil ? accepted : ["plural": "", "kind": ""],
            "conditions": [names, established],
            "storedVersions": .array(versions.map(JSONValue.string)),
        ]
    }

    private static func condition(
        _ type: String, _ isTrue: Bool, reason: String, message: String, old: JSONValue?, now: Timestamp
    ) -> JSONValue {
        let status: JSONValue = isTrue ? "True" : "False"
        let before = (old?["conditions"]?.array ?? []).first { $0["type"]?.string == type }
        let since = before?["status"] == status ? before?["lastTransitionTime"] : JSONValue?.none
        return [
            "type": .string(type), "status": status, "reason": .string(reason), "message": .string(message),
            "lastTransitionTime": since ?? .string(now.description),
        ]
    }
}
