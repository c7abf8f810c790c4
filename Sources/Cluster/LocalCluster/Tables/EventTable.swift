import KubernetesModel

/// Events of both groups, which are the same objects under two names.
enum EventTable {
    static let columns: [TableColumn] = [
        TableColumn("Last Seen") { .string(lastSeen($0, now: $1)) },
        TableColumn("Type") { $0["type"]?.string ?? "" },
        TableColumn("Reason") { $0["reason"]?.string ?? "" },
        TableColumn("Object") { event in
            let object = reference(event)
            let kind = (object["kind"]?.string ?? "").lowercased()
            let name = object["name"]?.string ?? ""
            return name.isEmpty ? kind : "\(kind)/\(name)"
        },
        TableColumn("Subobject", wide: true) { reference($0)["fieldPath"]?.string ?? "" },
        TableColumn("Source", wide: true) { source($0) },
        TableColumn("Message") { event in
            var text = event["message"]?.string ?? event["note"]?.string ?? ""
            while text.last?.isWhitespace == true { text.removeLast() }
            return text
        },
        TableColumn("First Seen", priority: 1) { .string(CellText.age(firstTime($0), now: $1)) },
        TableColumn(number: "Count", wide: true) { count($0) },
        TableColumn("Name", wide: true) { $0["metadata"]?["name"]?.string ?? "" },
    ]

    private static func reference(_ event: JSONValue) -> JSONValue {
        event["involvedObject"] ?? event["regarding"] ?? .null
    }

    private static func firstTime(_ event: JSONValue) -> JSONValue? {
        [event["firstTimestamp"], event["deprecatedFirstTimestamp"], event["eventTime"]]
            .compactMap(\.self).first { !$0.isNull }
    }

    private static func lastTime(_ event: JSONValue) -> JSONValue? {
        [event["series"]?["lastObservedTime"], event["lastTimestamp"], event["deprecatedLastTimestamp"]]
            .compactMap(\.self).first { !$0.isNull } ?? firstTime(event)
    }

    private static func count(_ event: JSONValue) -> Int64 {
        let counts = [event["series"]?["count"], event["count"], event["deprecatedCount"]]
        return max(1, counts.compactMap { $0?.integer }.first ?? 1)
    }

    private static func lastSeen(_ event: JSONValue, now: Timestamp) -> String {
        let last = CellText.age(lastTime(event), now: now)
        let count = count(event)
        return count > 1 ? "\(last) (x\(count) over \(CellText.age(firstTime(event), now: now)))" : last
    }

    private static func source(_ event: JSONValue) -> String {
        let component =
            event["source"]?["component"]?.string ?? event["reportingComponent"]?.string
            ?? event["reportingController"]?.string ?? ""
        let host = event["source"]?["host"]?.string ?? ""
        return host.isEmpty ? component : "\(component), \(host)"
    }
}
