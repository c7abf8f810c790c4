import Foundation

/// What a lab wrote down about itself, for `status`, `exec` and `down`, which are other processes.
package struct LabRecord: Codable, Sendable {
    package struct Place: Codable, Sendable {
        package var name: String
        package var addresses: [String]
        package var pid: Int32
    }

    package let mark: LabMark
    /// The process of `fairway lab up`.
    package let owner: ProcessIdentity?
    package var shape: LabTopology.Shape
    package var nodes: [Place] = []
    package var client: Place?
    package var middle: Int32?

    private static func path(in directory: String) -> String { directory + "/lab.json" }
    package static func podDirectory(in directory: String) -> String { directory + "/pods" }

    init(mark: LabMark, shape: LabTopology.Shape) {
        self.mark = mark
        self.shape = shape
        owner = ProcessIdentity(pid: getpid())
    }

    /// `nil` when there is no lab.
    package static func read(in directory: String) throws -> LabRecord? {
        guard let data = FileManager.default.contents(atPath: path(in: directory)) else { return nil }
        do {
            return try JSONDecoder().decode(LabRecord.self, from: data)
        } catch {
            throw LabError("\(path(in: directory)) cannot be read: \(error)")
        }
    }

    func write(in directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(filePath: Self.path(in: directory)), options: .atomic)
    }

    /// The process that holds the namespace of a node, of the client, of the switch or router, or of a pod (`name`,
    /// or `namespace/name`).
    package func holder(of name: String, in directory: String) throws -> Int32 {
        if let place = (nodes + [client].compactMap(\.self)).first(where: { $0.name == name }) { return place.pid }
        if [LabTopology.middleName, "switch", "router"].contains(name), let middle { return middle }
        let parts = name.split(separator: "/", maxSplits: 1)
        let (namespace, pod) = parts.count == 2 ? (String(parts[0]), String(parts[1])) : ("default", name)
        let folder = "\(Self.podDirectory(in: directory))/\(namespace)"
        if let text = try? String(contentsOfFile: "\(folder)/\(pod)", encoding: .utf8),
            let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
        {
            return pid
        }
        // No folder: no pods in that namespace.
        let pods = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let known = nodes.map(\.name) + [LabTopology.clientName] + pods.sorted()
        throw LabError("the lab has no \(name); it has \(known.joined(separator: ", "))")
    }

    /// Ends every process of the lab, and with them its namespaces and links; then removes what it wrote down.
    ///
    /// - Returns: processes that would not end.
    package func remove(in directory: String) -> [Int32] {
        let left = mark.sweep()
        guard left.isEmpty else { return left }
        for name in ["lab.json", "pods", "kubeconfig"] {
            // Not made yet, or removed by the owner.
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        for node in nodes {
            for folder in ["agent", "cni"] {
                try? FileManager.default.removeItem(atPath: "\(directory)/nodes/\(node.name)/\(folder)")
            }
        }
        return []
    }
}
