import KubernetesModel

/// `metadata.managedFields`: who set which field, and when.
struct ManagedFields: Hashable, Sendable {
    enum Operation: String, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    /// Who: a program that applies is one manager whatever version it writes, one that updates is one per version.
    struct Manager: Hashable, Sendable {
        var name: String
        var operation: Operation
        var apiVersion: String
        var subresource: String

        static func == (a: Manager, b: Manager) -> Bool { a.identity == b.identity }
        func hash(into hasher: inout Hasher) { hasher.combine(identity) }

        private var identity: [String] {
            [name, operation.rawValue, subresource, operation == .apply ? "" : apiVersion]
        }

        /// As conflicts print it.
        var printed: String {
            let name = CanonicalJSON.text(.string(name))
            let base = subresource.isEmpty ? name : "\(name) with subresource \"\(subresource)\""
            return operation == .apply ? base : "\(base) using \(apiVersion)"
        }
    }

    struct Entry: Hashable, Sendable {
        var manager: Manager
        var time: String?
        var fields: FieldSet
    }

    var entries: [Entry] = []

    /// Reads the list; entries of another field format are dropped.
    init(of object: JSONValue?) {
        for json in object?["metadata"]?["managedFields"]?.array ?? [] {
            guard let operation = json["operation"]?.string.flatMap(Operation.init), json["fieldsType"] == "FieldsV1"
            else { continue }
            entries.append(
                Entry(
                    manager: Manager(
                        name: json["manager"]?.string ?? "", operation: operation,
                        apiVersion: json["apiVersion"]?.string ?? "", subresource: json["subresource"]?.string ?? ""),
                    time: json["time"]?.string, fields: FieldSet(fieldsV1: json["fieldsV1"] ?? .null)))
        }
    }

    subscript(_ manager: Manager) -> Entry? {
        get { entries.first { $0.manager == manager } }
        set {
            entries.removeAll { $0.manager == manager }
            if let newValue, !newValue.fields.isEmpty { entries.append(newValue) }
        }
    }

    /// What all managers own together.
    var all: FieldSet { entries.reduce(FieldSet()) { $0.union($1.fields) } }

    /// Takes fields from everybody but one.
    mutating func take(_ fields: FieldSet, fromAllBut manager: Manager) {
        for index in entries.indices where entries[index].manager != manager {
            entries[index].fields = entries[index].fields.subtracting(fields)
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// Entries of updates, which anybody may add, are bounded: the oldest become one.
    mutating func bound() {
        let updates = entries.filter { $0.manager.operation == .update }.sorted { ($0.time ?? "") < ($1.time ?? "") }
        guard updates.count > Self.maximumUpdaters else { return }
        for old in updates.prefix(updates.count - Self.maximumUpdaters + 1) {
            let heir = Manager(
                name: "ancient-changes", operation: .update, apiVersion: old.manager.apiVersion,
                subresource: old.manager.subresource)
            let before = self[heir]
            self[old.manager] = nil
            self[heir] = Entry(
                manager: heir, time: max(before?.time ?? "", old.time ?? ""),
                fields: (before?.fields ?? FieldSet()).union(old.fields))
        }
    }

    static let maximumUpdaters = 10

    /// As the object carries it: appliers first, then by age.
    var json: JSONValue? {
        guard !entries.isEmpty else { return Optional.none }
        let ordered = entries.sorted { a, b in
            (a.manager.operation.rawValue, a.time ?? "", a.manager.name, a.manager.apiVersion, a.manager.subresource)
                < (
                    b.manager.operation.rawValue, b.time ?? "", b.manager.name, b.manager.apiVersion,
                    b.manager.subresource
                )
        }
        return .array(
            ordered.map { entry in
                var json: JSONValue = [
                    "manager": .string(entry.manager.name), "operation": .string(entry.manager.operation.rawValue),
                    "apiVersion": .string(entry.manager.apiVersion), "fieldsType": "FieldsV1",
                    "fieldsV1": entry.fields.fieldsV1,
                ]
                if let time = entry.time { json["time"] = .string(time) }
                if !entry.manager.subresource.isEmpty { json["subresource"] = .string(entry.manager.subresource) }
                return json
            })
    }

    /// Puts the list into an object.
    func written(into object: JSONValue) -> JSONValue {
        var object = object
        var metadata = object["metadata"] ?? .object([:])
        metadata["managedFields"] = json
        object["metadata"] = metadata
        return object
    }
}
