import Foundation
import KubernetesModel
import NetTypes

/// A node of the lab: where it lives and what its pods need to know.
struct NodePlace: Sendable {
    let name: String
    let namespace: LabNamespace
    /// On the segment, one of each family.
    let addresses: [String]
    /// `<state-dir>/nodes/<name>`.
    let directory: String
    /// The lab's folder of running pods, for `fairway lab exec`.
    let podDirectory: String
    /// The path of the fairway program.
    let fairway: String
    let mark: LabMark

    var configurationDirectory: String { "\(directory)/cni/net.d" }
    var programDirectory: String { "\(directory)/cni/bin" }
    var agentDirectory: String { "\(directory)/agent" }

    var runtime: NetworkRuntime {
        NetworkRuntime(
            configurationDirectory: configurationDirectory, programDirectory: programDirectory, node: namespace,
            mark: mark)
    }

    /// Writes down which process holds the pod's namespace.
    func record(pod: ObjectName, namespace: LabNamespace) throws {
        try FileManager.default.createDirectory(
            atPath: "\(podDirectory)/\(pod.namespace)", withIntermediateDirectories: true)
        try "\(namespace.pid)\n".write(
            toFile: "\(podDirectory)/\(pod.namespace)/\(pod.name)", atomically: true, encoding: .utf8)
    }

    func forget(pod: ObjectName) {
        // Gone already is as good.
        try? FileManager.default.removeItem(atPath: "\(podDirectory)/\(pod.namespace)/\(pod.name)")
    }
}
