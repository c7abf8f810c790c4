import KubernetesModel

/// Pods and what makes them.
enum WorkloadTables {
    static let pod: [TableColumn] = [
        .name,
        TableColumn("Ready") { pod in
            let statuses = pod["status"]?["containerStatuses"]?.array ?? []
            let total = pod["spec"]?["containers"]?.array?.count ?? 0
            return "\(statuses.count { $0["ready"] == true })/\(total)"
        },
        TableColumn("Status") { podStatus($0) },
        TableColumn("Restarts") { pod in
            let counts = (pod["status"]?["containerStatuses"]?.array ?? []).map { $0["restartCount"]?.integer ?? 0 }
            return String(counts.reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue })
        },
        .age,
        TableColumn("IP", wide: true) { pod in
            CellText.orNone(
                pod["status"]?["podIPs"]?.array?.first?["ip"]?.string ?? pod["status"]?["podIP"]?.string)
        },
        TableColumn("Node", wide: true) { CellText.orNone($0["spec"]?["nodeName"]?.string) },
        TableColumn("Nominated Node", wide: true) { CellText.orNone($0["status"]?["nominatedNodeName"]?.string) },
        TableColumn("Readiness Gates", wide: true) { pod in
            let gates = (pod["spec"]?["readinessGates"]?.array ?? []).compactMap { $0["conditionType"]?.string }
            guard !gates.isEmpty else { return "<none>" }
            let conditions = pod["status"]?["conditions"]?.array ?? []
            let met = gates.count { gate in
                conditions.contains { $0["type"]?.string == gate && $0["status"] == "True" }
            }
            return "\(met)/\(gates.count)"
        },
    ]

    private static func podStatus(_ pod: JSONValue) -> String {
        let status = pod["status"] ?? .null
        var reason = status["reason"]?.string ?? status["phase"]?.string ?? ""
        for container in (status["containerStatuses"]?.array ?? []).reversed() {
            let state = container["state"]
            let why = state?["waiting"]?["reason"]?.string ?? state?["terminated"]?["reason"]?.string
            if let why, !why.isEmpty { reason = why }
        }
        if pod["metadata"]?["deletionTimestamp"]?.string != nil {
            return reason == "NodeLost" ? "Unknown" : "Terminating"
        }
        return reason
    }

    static let deployment: [TableColumn] =
        [
            .name,
            TableColumn("Ready") { "\(count($0, "readyReplicas"))/\($0["spec"]?["replicas"]?.integer ?? 0)" },
            TableColumn(number: "Up-to-date") { count($0, "updatedReplicas") },
            TableColumn(number: "Available") { count($0, "availableReplicas") },
            .age,
        ] + template + [TableColumn("Selector", wide: true) { CellText.selector($0["spec"]?["selector"]) }]

    static let replicaSet: [TableColumn] =
        [
            .name,
            TableColumn(number: "Desired") { $0["spec"]?["replicas"]?.integer ?? 0 },
            TableColumn(number: "Current") { count($0, "replicas") },
            TableColumn(number: "Ready") { count($0, "readyReplicas") },
            .age,
        ] + template + [TableColumn("Selector", wide: true) { CellText.selector($0["spec"]?["selector"]) }]

    static let statefulSet: [TableColumn] =
        [
            .name,
            TableColumn("Ready") { "\(count($0, "readyReplicas"))/\($0["spec"]?["replicas"]?.integer ?? 0)" },
            .age,
        ] + template

    static let daemonSet: [TableColumn] =
        [
            .name,
            TableColumn(number: "Desired") { count($0, "desiredNumberScheduled") },
            TableColumn(number: "Current") { count($0, "currentNumberScheduled") },
            TableColumn(number: "Ready") { count($0, "numberReady") },
            TableColumn(number: "Up-to-date") { count($0, "updatedNumberScheduled") },
            TableColumn(number: "Available") { count($0, "numberAvailable") },
            TableColumn("Node Selector") { CellText.labels($0["spec"]?["template"]?["spec"]?["nodeSelector"]) },
            .age,
        ] + template + [TableColumn("Selector", wide: true) { CellText.selector($0["spec"]?["selector"]) }]

    private static let template: [TableColumn] = [
        TableColumn("Containers", wide: true) { containers($0, "name") },
        TableColumn("Images", wide: true) { containers($0, "image") },
    ]

    private static func containers(_ object: JSONValue, _ key: String) -> String {
        (object["spec"]?["template"]?["spec"]?["containers"]?.array ?? []).compactMap { $0[key]?.string }
            .joined(separator: ",")
    }

    private static func count(_ object: JSONValue, _ key: String) -> Int64 {
        object["status"]?[key]?.integer ?? 0
    }
}
