package import KubernetesModel
package import NetTypes

/// Where a node is and which pods it has: what the others need to know to reach them.
package struct NodePlace: Hashable, Sendable {
    package var name: String
    /// `InternalIP`s, at most one of a family counts.
    package var addresses: [IPAddress]
    package var podRanges: [IPPrefix]

    package init(name: String, addresses: [IPAddress], podRanges: [IPPrefix]) {
        self.name = name
        self.addresses = addresses
        self.podRanges = podRanges
    }

    /// Addresses and ranges that cannot be read are left out: the API server would not have let them in.
    package init(_ node: Node) {
        name = node.metadata.name
        addresses = (node.status?.addresses ?? []).filter { $0.type == "InternalIP" }.compactMap {
            IPAddress($0.address)
        }
        podRanges = (node.spec?.podCIDRs ?? [node.spec?.podCIDR].compactMap(\.self)).compactMap { IPPrefix($0) }
    }

    func address(_ family: IPAddress.Family) -> IPAddress? {
        addresses.first { $0.family == family }
    }

    /// The Ethernet address of the node's end of the tunnel. It follows from the name, so that nobody has to tell it.
    package var tunnelMAC: MACAddress {
        // FNV-1a, 64 bits, folded to the 46 that are free.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return .locallyAdministered(hash ^ hash >> 46)
    }
}

/// A link of this node that other nodes may be on, as the kernel has it.
package struct Underlay: Hashable, Sendable {
    package var link: Int32
    package var name: String
    package var mtu: UInt32
    package var addresses: [Address]

    package struct Address: Hashable, Sendable {
        package var address: IPAddress
        /// Who else is on the link; the address alone where nobody.
        package var prefix: IPPrefix

        package init(address: IPAddress, prefix: IPPrefix) {
            self.address = address
            self.prefix = prefix
        }
    }

    package init(link: Int32, name: String, mtu: UInt32, addresses: [Address]) {
        self.link = link
        self.name = name
        self.mtu = mtu
        self.addresses = addresses
    }
}
