package import NetTypes

/// How a local cluster is to be run.
package struct LocalClusterConfiguration: Sendable {
    package var bind: IPAddress
    /// 0: any that is free.
    package var port: UInt16
    /// Where objects, the authority and the token survive a restart; `nil`: in memory only.
    package var dataDirectory: String?
    /// ClusterIPs of IPv4, the primary family.
    package var serviceRange: String
    /// ClusterIPs of IPv6.
    package var serviceRangeIPv6: String
    package var nodePorts: ClosedRange<UInt16>
    /// Changes per kind that watches may go back to before they are told 410.
    package var historyLimit: Int
    /// How often watches that want it are told how far they are.
    package var bookmarkInterval: Duration
    /// Serves Fairway's own kinds from the start.
    package var definesPolicies: Bool

    package init(
        bind: IPAddress = .v4(127, 0, 0, 1), port: UInt16 = 0, dataDirectory: String? = nil,
        serviceRange: String = "10.96.0.0/16", serviceRangeIPv6: String = "fd00:10:96::/112",
        nodePorts: ClosedRange<UInt16> = 30000...32767, historyLimit: Int = 4096,
        bookmarkInterval: Duration = .seconds(30), definesPolicies: Bool = true
    ) {
        self.bind = bind
        self.port = port
        self.dataDirectory = dataDirectory
        self.serviceRange = serviceRange
        self.serviceRangeIPv6 = serviceRangeIPv6
        self.nodePorts = nodePorts
        self.historyLimit = historyLimit
        self.bookmarkInterval = bookmarkInterval
        self.definesPolicies = definesPolicies
    }

    func serviceAllocation() throws(LocalClusterError) -> ServiceAllocator.Configuration {
        var ranges: [AddressRange] = []
        for text in [serviceRange, serviceRangeIPv6] {
            guard let range = AddressRange(text) else { throw .noServiceRange(text) }
            ranges.append(range)
        }
        return ServiceAllocator.Configuration(
            ranges: ranges, nodePorts: Int(nodePorts.lowerBound)...Int(nodePorts.upperBound))
    }
}
