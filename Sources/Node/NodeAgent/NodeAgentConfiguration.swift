package import NetTypes
package import Telemetry

/// How a node's agent is to work.
package struct NodeAgentConfiguration: Sendable {
    /// Of the Node object.
    package var nodeName: String
    /// Holds the log of addresses and the socket for the CNI program.
    package var stateDirectory: String
    /// Where container runtimes look for network configurations.
    package var networkConfigurationDirectory: String
    /// Where they look for CNI programs.
    package var networkProgramDirectory: String
    /// The CNI program that is to be installed there; `nil` means the one beside this program.
    package var networkProgram: String?
    /// All pods' addresses: what leaves them is masqueraded. Empty: the nodes' own ranges together.
    package var clusterRanges: [IPPrefix] = []
    /// Where ClusterIPs come from: an address in it that no Service has is refused.
    package var serviceRanges: [IPPrefix] = []
    /// Ranges whose addresses on this node answer NodePorts; empty: the node's primary addresses.
    package var nodePortRanges: [IPPrefix] = []
    /// Of pods' links, in bytes; 0 takes what the network between the nodes allows.
    package var mtu = 0
    /// Off where another program handles Services.
    package var handlesServices = true
    package var admin: AdminServer.Configuration

    package init(
        nodeName: String, stateDirectory: String, networkConfigurationDirectory: String,
        networkProgramDirectory: String, admin: AdminServer.Configuration
    ) {
        self.nodeName = nodeName
        self.stateDirectory = stateDirectory
        self.networkConfigurationDirectory = networkConfigurationDirectory
        self.networkProgramDirectory = networkProgramDirectory
        self.admin = admin
    }
}
