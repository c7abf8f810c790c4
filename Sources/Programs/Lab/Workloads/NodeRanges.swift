package import NetTypes

/// Gives every node a range of its own out of the cluster's: 10.244.0.0/16 in /24 parts, an IPv6 range in /64 parts.
package struct NodeRanges: Sendable {
    private let cluster: [IPPrefix]

    /// `nil` where a range is too small to be divided.
    package init?(cluster: [IPPrefix]) {
        guard !cluster.isEmpty, cluster.allSatisfy({ $0.length < Self.length($0) }) else { return nil }
        self.cluster = cluster
    }

    private static func length(_ cluster: IPPrefix) -> Int { cluster.address.family == .v4 ? 24 : 64 }

    /// The first ranges that nobody has, one of each family; `nil` when one family is exhausted.
    package func next(taken: Set<IPPrefix>) -> [IPPrefix]? {
        var ranges: [IPPrefix] = []
        for cluster in cluster {
            // A node more than there are taken ranges is enough to find a gap.
            let count = 1 << min(Self.length(cluster) - cluster.length, 20)
            let free = (0..<min(count, taken.count + 1)).lazy.compactMap { Self.part($0, of: cluster) }
                .first { !taken.contains($0) }
            guard let free else { return nil }
            ranges.append(free)
        }
        return ranges
    }

    private static func part(_ index: Int, of cluster: IPPrefix) -> IPPrefix? {
        let length = length(cluster)
        var bytes = cluster.address.bytes
        var rest = index
        // Adds `index` to the number that the bits up to `length` are; both lengths end at a byte's border.
        var position = length / 8 - 1
        while rest > 0, position >= 0 {
            rest += Int(bytes[position])
            bytes[position] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
            position -= 1
        }
        return IPAddress(bytes: bytes).flatMap { IPPrefix($0, length: length) }
    }
}
