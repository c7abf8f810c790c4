import NetTypes
import Netlink

/// Pods' packets to the world outside the cluster leave with the node's address: a table of our own with one rule a family.
struct PodMasquerade: Hashable, Sendable {
    static let table = TableName(.inet, "fairway-pods")

    /// Whose packets.
    var pods: [IPPrefix]
    /// Where they may go as they are.
    var cluster: [IPPrefix]

    /// Multicast and link-local packets never leave the link.
    private static let local = ["224.0.0.0/4", "169.254.0.0/16", "ff00::/8", "fe80::/10"].compactMap { IPPrefix($0) }

    /// The whole table, in place of the one that is there.
    /// - Parameter flags: as the table has them: the kernel lets nobody change them.
    func batch(flags: TableFlags) -> NftablesBatch {
        var batch = NftablesBatch()
        let table = Self.table
        batch.addTable(table, flags: flags)
        batch.addChain(Chain(table, "postrouting", hook: .init(.nat, .postrouting, priority: 100)))
        batch.flushChain("postrouting", in: table)
        for family in [IPAddress.Family.v4, .v6] {
            let suffix = family == .v4 ? "4" : "6"
            let type: FieldType = family == .v4 ? .ipv4Address : .ipv6Address
            for (name, ranges) in [("pods", pods), ("cluster", cluster + pods + Self.local)] {
                batch.addSet(NamedSet(table, name + suffix, key: [type], flags: .interval))
                batch.flushSet(name + suffix, in: table)
                let elements = ranges.filter { $0.address.family == family }.withoutOverlaps.flatMap(\.intervalElements)
                if !elements.isEmpty { batch.addElements(elements, to: name + suffix, in: table) }
            }
            batch.addRule(
                RuleExpression.match(.networkProtocol, equals: UInt32(family == .v4 ? 2 : 10)) + [
                    .sourceAddress(family, into: .word(0)), .lookup(set: "pods" + suffix, key: .word(0)),
                    .destinationAddress(family, into: .word(0)),
                    .lookup(set: "cluster" + suffix, key: .word(0), isInverted: true), .masquerade(.fullyRandom),
                ], to: "postrouting", in: table, comment: "pods to outside the cluster")
        }
        return batch
    }
}

extension [IPPrefix] {
    /// Without those that lie in others, in order.
    fileprivate var withoutOverlaps: [IPPrefix] {
        let unique = Set(self)
        return unique.filter { one in !unique.contains { $0 != one && $0.contains(one) } }
            .sorted { $0.address < $1.address }
    }
}

extension IPPrefix {
    /// The first address, and the one behind the last, which the last range of all does not have.
    var intervalElements: [SetElement] {
        var bytes = address.bytes
        var index = (length + 7) / 8 - 1
        var carry = length % 8 == 0 ? 1 : 1 << (8 - length % 8)
        while index >= 0, carry > 0 {
            let sum = Int(bytes[index]) + carry
            bytes[index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
            index -= 1
        }
        let first = SetElement(RegisterBytes(address))
        guard length > 0, carry == 0, let end = IPAddress(bytes: bytes) else { return [first] }
        return [first, SetElement(RegisterBytes(end), isIntervalEnd: true)]
    }
}
