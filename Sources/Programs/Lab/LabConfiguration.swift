package import NetTypes

/// What kind of lab is wanted.
package struct LabConfiguration: Sendable {
    package var nodes = 2
    package var shape = LabTopology.Shape.switched
    package var isDualStack = false
    /// Files and folders of manifests, followed for changes.
    package var manifests: [String] = []
    package var stateDirectory: String
    /// The path of the fairway program, which is run on the nodes and in pods without a command.
    package var fairway: String
    /// The path of the CNI program.
    package var networkProgram: String
    package var podRanges: [IPPrefix]
    package var servicesRange = "10.96.0.0/16"
    package var servicesRangeIPv6 = "fd00:10:96::/112"
    /// 0 lets the kernel choose.
    package var apiPort: UInt16 = 0
    /// Of every node's agent, inside its namespace.
    package var adminPort: UInt16 = 7080
    /// More words for every node's agent.
    package var agentArguments: [String] = []

    package init(
        stateDirectory: String, fairway: String, networkProgram: String, isDualStack: Bool, podRanges: [IPPrefix]
    ) {
        self.stateDirectory = stateDirectory
        self.fairway = fairway
        self.networkProgram = networkProgram
        self.isDualStack = isDualStack
        self.podRanges = podRanges
    }

    package var topology: LabTopology { LabTopology(nodes: nodes, shape: shape, isDualStack: isDualStack) }
    package var kubeconfig: String { stateDirectory + "/kubeconfig" }
}
