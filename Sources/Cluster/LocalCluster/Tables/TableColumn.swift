import KubernetesModel

/// A column of `kubectl get`, and what stands in it for an object.
struct TableColumn: Sendable {
    var name: String
    var type = "string"
    var format = ""
    var description = ""
    /// 0 is always shown, 1 with `-o wide`.
    var priority: Int64 = 0
    var cell: @Sendable (_ object: JSONValue, _ now: Timestamp) -> JSONValue

    init(
        _ name: String, type: String = "string", format: String = "", priority: Int64 = 0, description: String = "",
        cell: @escaping @Sendable (_ object: JSONValue, _ now: Timestamp) -> JSONValue
    ) {
        self.name = name
        self.type = type
        self.format = format
        self.priority = priority
        self.description = description
        self.cell = cell
    }

    /// A column of text that does not depend on the time.
    init(_ name: String, wide: Bool = false, _ text: @escaping @Sendable (JSONValue) -> String) {
        self.init(name, priority: wide ? 1 : 0) { object, _ in .string(text(object)) }
    }

    /// A column of whole numbers.
    init(number name: String, wide: Bool = false, _ value: @escaping @Sendable (JSONValue) -> Int64) {
        self.init(name, type: "integer", priority: wide ? 1 : 0) { object, _ in .integer(value(object)) }
    }

    /// As a `meta.k8s.io/v1` Table has it.
    var definition: JSONValue {
        [
            "name": .string(name), "type": .string(type), "format": .string(format),
            "description": .string(description), "priority": .integer(priority),
        ]
    }

    static let name = TableColumn("Name", format: "name", description: "The object's name.") { object, _ in
        object["metadata"]?["name"] ?? ""
    }

    static let age = TableColumn("Age", description: "The time since the object was created.") { object, now in
        .string(CellText.age(object["metadata"]?["creationTimestamp"], now: now))
    }
}

/// Texts that several kinds' cells are made of.
enum CellText {
    static func age(_ timestamp: JSONValue?, now: Timestamp) -> String {
        guard let time = timestamp?.string.flatMap(Timestamp.init) else { return "<unknown>" }
        return HumanDuration.text(seconds: now.secondsSinceEpoch - time.secondsSinceEpoch)
    }

    static func orNone(_ text: String?) -> String { (text ?? "").isEmpty ? "<none>" : text ?? "" }

    static func joined(_ texts: [String]) -> String { orNone(texts.joined(separator: ",")) }

    /// The first three, and how many more there are.
    static func few(_ texts: [String], none: String) -> String {
        if texts.isEmpty { return none }
        let first = texts.prefix(3).joined(separator: ",")
        return texts.count > 3 ? "\(first) + \(texts.count - 3) more..." : first
    }

    /// `a=1,b=2`.
    static func labels(_ labels: JSONValue?) -> String {
        joined(
            (labels?.object ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.string ?? "")" })
    }

    /// A label selector: `a=1,b in (x,y),!c`.
    static func selector(_ selector: JSONValue?) -> String {
        let equal = (selector?["matchLabels"]?.object ?? [:]).sorted { $0.key < $1.key }.map {
            "\($0.key)=\($0.value.string ?? "")"
        }
        let others = (selector?["matchExpressions"]?.array ?? []).map { expression in
            let key = expression["key"]?.string ?? ""
            let values = (expression["values"]?.array ?? []).compactMap(\.string).joined(separator: ",")
            return switch expression["operator"]?.string {
            case "In": "\(key) in (\(values))"
            case "NotIn": "\(key) notin (\(values))"
            case "DoesNotExist": "!\(key)"
            default: key
            }
        }
        return joined(equal + others)
    }

    /// Addresses and host names of a load balancer's status.
    static func loadBalancer(_ status: JSONValue?) -> [String] {
        (status?["loadBalancer"]?["ingress"]?.array ?? []).compactMap { entry in
            let ip = entry["ip"]?.string ?? ""
            return ip.isEmpty ? entry["hostname"]?.string : ip
        }
    }
}
