package import Netlink

/// Another program that handles Services on this node. Two of them would undo each other's work connection by connection.
package struct RivalProxy: Error, Hashable, CustomStringConvertible {
    /// What it was known by.
    package var evidence: String

    package var description: String {
        "kube-proxy handles Services on this node (\(evidence)): remove it (and run kube-proxy --cleanup), or run fairway node with --no-services"
    }

    static let tables = ["kube-proxy"]
    static let chains = ["KUBE-SERVICES", "KUBE-IPVS-FILTER"]

    /// Looks for the tables of its nftables mode, the chains of its iptables mode (where iptables is nftables inside) and the link of its
    /// IPVS mode.
    package static func find(_ nftables: NftablesSocket, in namespace: NetworkNamespace?) throws -> RivalProxy? {
        for listing in try nftables.tables() {
            if tables.contains(listing.table.name) {
                return RivalProxy(evidence: "the nftables table \(listing.table)")
            }
            guard ["nat", "filter", "mangle"].contains(listing.table.name) else { continue }
            if let chain = try nftables.chains(in: listing.table).first(where: { chains.contains($0.chain.name) }) {
                return RivalProxy(evidence: "the iptables chain \(chain.chain.name) in the table \(listing.table)")
            }
        }
        let links = try RouteSocket(in: namespace).links()
        return links.contains { $0.name == "kube-ipvs0" } ? RivalProxy(evidence: "the link kube-ipvs0") : nil
    }
}
