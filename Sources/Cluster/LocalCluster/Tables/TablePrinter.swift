import KubernetesModel

/// What `kubectl get` shows of each kind. The server computes the cells, ages included.
enum TablePrinter {
    static func columns(of resource: APIResource) -> [TableColumn] {
        if resource.isCustom { return custom(resource.printerColumns) }
        return builtIn["\(resource.resource.group)/\(resource.resource.kind)"] ?? [.name, .age]
    }

    private static let builtIn: [String: [TableColumn]] = [
        "/Service": NetworkTables.service, "/Endpoints": NetworkTables.endpoints,
        "networking.k8s.io/Ingress": NetworkTables.ingress,
        "networking.k8s.io/IngressClass": NetworkTables.ingressClass,
        "networking.k8s.io/NetworkPolicy": NetworkTables.networkPolicy,
        "discovery.k8s.io/EndpointSlice": NetworkTables.endpointSlice,
        "/Secret": CoreTables.secret, "/ConfigMap": CoreTables.configMap, "/Namespace": CoreTables.namespace,
        "/ServiceAccount": CoreTables.serviceAccount, "/Node": CoreTables.node,
        "/Event": EventTable.columns, "events.k8s.io/Event": EventTable.columns,
        "coordination.k8s.io/Lease": CoreTables.lease,
        "apiextensions.k8s.io/CustomResourceDefinition": CoreTables.definition,
        "/Pod": WorkloadTables.pod, "apps/Deployment": WorkloadTables.deployment,
        "apps/ReplicaSet": WorkloadTables.replicaSet, "apps/StatefulSet": WorkloadTables.statefulSet,
        "apps/DaemonSet": WorkloadTables.daemonSet,
    ]

    /// The columns that a definition asks for; without any, the age.
    private static func custom(_ columns: [APIResource.PrinterColumn]) -> [TableColumn] {
        if columns.isEmpty { return [.name, .age] }
        return [.name]
            + columns.map { column in
                let path = JSONPath(column.jsonPath)
                return TableColumn(
                    column.name, type: column.type, format: column.format, priority: column.priority,
                    description: column.description
                ) { object, now in
                    cell(path?.values(in: object) ?? [], type: column.type, now: now)
                }
            }
    }

    /// `null`, which kubectl prints as `<none>`, for what is not there or of another type.
    private static func cell(_ values: [JSONValue], type: String, now: Timestamp) -> JSONValue {
        guard let first = values.first, !first.isNull else { return .null }
        switch (type, first) {
        case ("date", .string):
            return .string(CellText.age(first, now: now))
        case ("integer", .integer), ("number", .double), ("number", .integer), ("boolean", .bool):
            return first
        case ("integer", .double(let value)):
            return Int64(exactly: value.rounded()).map(JSONValue.integer) ?? .null
        case ("string", _):
            return .string(values.map(text).joined(separator: " "))
        default: return .null
        }
    }

    private static func text(_ value: JSONValue) -> String { value.string ?? CanonicalJSON.text(value) }
}
