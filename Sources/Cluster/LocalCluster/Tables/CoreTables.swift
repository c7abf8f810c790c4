import KubernetesModel

/// Secrets, namespaces, nodes, leases and definitions.
enum CoreTables {
    static let secret: [TableColumn] = [
        .name, TableColumn("Type") { $0["type"]?.string ?? "" },
        TableColumn(number: "Data") { Int64($0["data"]?.object?.count ?? 0) }, .age,
    ]

    static let configMap: [TableColumn] = [
        .name,
        TableColumn(number: "Data") {
            Int64(($0["data"]?.object?.count ?? 0) + ($0["binaryData"]?.object?.count ?? 0))
        }, .age,
    ]

    static let namespace: [TableColumn] = [
        .name, TableColumn("Status") { $0["status"]?["phase"]?.string ?? "" }, .age,
    ]

    static let serviceAccount: [TableColumn] = [
        .name, TableColumn(number: "Secrets") { Int64($0["secrets"]?.array?.count ?? 0) }, .age,
    ]

    static let lease: [TableColumn] = [
        .name, TableColumn("Holder") { $0["spec"]?["holderIdentity"]?.string ?? "" }, .age,
    ]

    static let definition: [TableColumn] = [
        .name,
        TableColumn("Created At", format: "date-time") { object, _ in
            object["metadata"]?["creationTimestamp"] ?? "<unknown>"
        },
    ]

    static let node: [TableColumn] = [
        .name,
        TableColumn("Status") { nodeStatus($0) },
        TableColumn("Roles") { node in
            let prefix = "node-role.kubernetes.io/"
            let roles = (node["metadata"]?["labels"]?.object ?? [:]).keys.filter { $0.hasPrefix(prefix) }
            return CellText.joined(roles.map { String($0.dropFirst(prefix.count)) }.sorted())
        },
        .age,
        TableColumn("Version") { $0["status"]?["nodeInfo"]?["kubeletVersion"]?.string ?? "" },
        TableColumn("Internal-IP", wide: true) { nodeAddress($0, "InternalIP") },
        TableColumn("External-IP", wide: true) { nodeAddress($0, "ExternalIP") },
        TableColumn("OS-Image", wide: true) { nodeInfo($0, "osImage") },
        TableColumn("Kernel-Version", wide: true) { nodeInfo($0, "kernelVersion") },
        TableColumn("Container-Runtime", wide: true) { nodeInfo($0, "containerRuntimeVersion") },
    ]

    private static func nodeStatus(_ node: JSONValue) -> String {
        let ready = (node["status"]?["conditions"]?.array ?? []).first { $0["type"] == "Ready" }
        let status = ready.map { $0["status"] == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        return node["spec"]?["unschedulable"]?.bool == true ? "\(status),SchedulingDisabled" : status
    }

    private static func nodeAddress(_ node: JSONValue, _ type: String) -> String {
        let found = (node["status"]?["addresses"]?.array ?? []).first { $0["type"]?.string == type }
        return CellText.orNone(found?["address"]?.string)
    }

    private static func nodeInfo(_ node: JSONValue, _ key: String) -> String {
        let text = node["status"]?["nodeInfo"]?[key]?.string ?? ""
        return text.isEmpty ? "<unknown>" : text
    }
}
