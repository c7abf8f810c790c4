package import KubernetesClient
import KubernetesModel

/// A lab in words: what runs where, and how to come in.
package struct LabStatus: Sendable {
    private let record: LabRecord
    private let client: KubernetesClient

    package init(record: LabRecord, client: KubernetesClient) {
        self.record = record
        self.client = client
    }

    package func text() async throws -> String {
        let nodes = try await client.list(Node.self).items
        let pods = try await client.list(Pod.self).items.sorted { $0.objectName < $1.objectName }
        let services = try await client.list(Service.self).items.sorted { $0.objectName < $1.objectName }
        let middle = record.shape == .switched ? "switch" : "router"
        var lines = [["PLACE", "STATE", "ADDRESSES", "PODS", "NAMESPACE"]]
        for place in record.nodes {
            let node = nodes.first { $0.metadata.name == place.name }
            lines.append([
                place.name, node?.isReady == true ? "Ready" : "NotReady", place.addresses.joined(separator: ","),
                node.map { $0.podRanges.joined(separator: ",") } ?? "-", Self.path(place.pid),
            ])
        }
        if let client = record.client {
            lines.append([client.name, "-", client.addresses.joined(separator: ","), "-", Self.path(client.pid)])
        }
        if let pid = record.middle { lines.append([middle, "-", "-", "-", Self.path(pid)]) }
        let podLines = [["POD", "STATE", "ADDRESSES", "NODE"]] + pods.map(Self.line)
        let serviceLines = [["SERVICE", "TYPE", "CLUSTER-IP", "PORTS"]] + services.map(Self.line)
        return [lines, podLines, serviceLines].map(Self.table).joined(separator: "\n")
    }

    private static func path(_ pid: Int32) -> String { "/proc/\(pid)/ns/net" }

    private static func line(_ pod: Pod) -> [String] {
        let state = pod.isTerminating ? "Terminating" : pod.isReady ? "Ready" : pod.status?.phase ?? "Pending"
        let addresses = (pod.status?.podIPs ?? []).map(\.ip).joined(separator: ",")
        return ["\(pod.objectName)", state, addresses.isEmpty ? "-" : addresses, pod.spec?.nodeName ?? "-"]
    }

    private static func line(_ service: Service) -> [String] {
        let ports = (service.spec?.ports ?? []).map { port in
            "\(port.port)" + (port.nodePort.map { ":\($0)" } ?? "") + "/\(port.protocol ?? "TCP")"
        }
        return [
            "\(service.objectName)", service.spec?.type ?? "ClusterIP",
            (service.spec?.clusterIPs ?? []).joined(separator: ","), ports.joined(separator: ","),
        ]
    }

    private static func table(_ rows: [[String]]) -> String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}
