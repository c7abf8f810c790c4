import NetTypes
import Netlink

/// The nftables table of host ports: a few rules that never change, and one element for each mapping.
///
///     dst address local? ──► (address, protocol, port) ──► pod address, port       mappings with a hostIP
///                       └──► (protocol, port) ───────────► pod address, port       the others
///
/// What a pod sends to its own host port comes back to it, and what comes from 127.0.0.0/8 would be answered to nobody: both get the
/// node's address as their source on the way out.
enum HostPortLayout {
    static let table = TableName(.inet, "fairway-hostports")

    /// The names of one family's maps and set.
    struct Names {
        let family: IPAddress.Family
        var exact: String { "exact-\(suffix)" }
        var any: String { "any-\(suffix)" }
        var hairpin: String { "hairpin-\(suffix)" }
        private var suffix: String { family == .v4 ? "v4" : "v6" }
        fileprivate var addressType: FieldType { family == .v4 ? .ipv4Address : .ipv6Address }
        /// Words of a register file that an address fills.
        fileprivate var words: Int { family == .v4 ? 1 : 4 }
    }

    /// An element and the set that it belongs to.
    struct Entry: Hashable {
        var set: String
        var element: SetElement
    }

    static func entries(of reservation: Reservation) -> [Entry] {
        var entries: [Entry] = []
        for address in reservation.addresses {
            let names = Names(family: address.family)
            let mappings = reservation.portMappings.filter {
                $0.hostAddress.map { $0.family == address.family } ?? true
            }
            for mapping in mappings {
                let key = RegisterBytes().with(protocol: mapping.transport.number).with(port: mapping.hostPort)
                let data = ElementData.value(RegisterBytes(address).with(port: mapping.containerPort))
                if let host = mapping.hostAddress {
                    let exact = RegisterBytes(host).with(protocol: mapping.transport.number).with(
                        port: mapping.hostPort)
                    entries.append(Entry(set: names.exact, element: SetElement(exact, data)))
                } else {
                    entries.append(Entry(set: names.any, element: SetElement(key, data)))
                }
            }
            if !mappings.isEmpty {
                entries.append(
                    Entry(set: names.hairpin, element: SetElement(RegisterBytes(address).with(address))))
            }
        }
        return entries
    }

    /// The table's rules and these elements, in place of whatever it held. The table itself must be there.
    static func everything(_ entries: [Entry]) -> NftablesBatch {
        var batch = NftablesBatch()
        for family in IPAddress.Family.both {
            let names = Names(family: family)
            let target = NamedSet.Data.fields([names.addressType, .port])
            batch.addSet(
                NamedSet(table, names.exact, key: [names.addressType, .transportProtocol, .port], data: target))
            batch.addSet(NamedSet(table, names.any, key: [.transportProtocol, .port], data: target))
            batch.addSet(NamedSet(table, names.hairpin, key: [names.addressType, names.addressType]))
            for set in [names.exact, names.any, names.hairpin] { batch.flushSet(set, in: table) }
        }
        addRules(to: &batch)
        add(entries, to: &batch)
        return batch
    }

    static func add(_ entries: [Entry], to batch: inout NftablesBatch) {
        for (set, members) in Dictionary(grouping: entries, by: \.set).sorted(by: { $0.key < $1.key }) {
            batch.addElements(members.map(\.element), to: set, in: table)
        }
    }

    static func remove(_ entries: [Entry], from batch: inout NftablesBatch) {
        for (set, members) in Dictionary(grouping: entries, by: \.set).sorted(by: { $0.key < $1.key }) {
            batch.deleteElements(members.map { SetElement($0.element.key) }, from: set, in: table)
        }
    }

    private static func addRules(to batch: inout NftablesBatch) {
        let chains = [
            Chain(table, "translate"),
            Chain(table, "prerouting", hook: .init(.nat, .prerouting, priority: -100)),
            Chain(table, "output", hook: .init(.nat, .output, priority: -100)),
            Chain(table, "postrouting", hook: .init(.nat, .postrouting, priority: 100)),
        ]
        for chain in chains {
            batch.addChain(chain)
            batch.flushChain(chain.name, in: table)
        }
        let toThisNode: [RuleExpression] = [
            .fib(.addressType, [.destination], into: .word(0)), .compare(.word(0), .equal, RuleExpression.hostBytes(2)),
            .verdict(.goto("translate")),
        ]
        for name in ["prerouting", "output"] { batch.addRule(toThisNode, to: name, in: table) }
        for family in IPAddress.Family.both {
            let names = Names(family: family)
            batch.addRule(exactRule(names), to: "translate", in: table)
            batch.addRule(anyRule(names), to: "translate", in: table)
            batch.addRule(hairpinRule(names), to: "postrouting", in: table)
        }
        batch.addRule(loopbackRule, to: "postrouting", in: table)
    }

    private static func isFamily(_ names: Names) -> [RuleExpression] {
        RuleExpression.match(.networkProtocol, equals: names.family == .v4 ? 2 : 10)
    }

    private static func exactRule(_ names: Names) -> [RuleExpression] {
        let behind = names.words
        return isFamily(names) + [
            .destinationAddress(names.family, into: .word(0)), .meta(.transportProtocol, into: .word(behind)),
            .destinationPort(into: .word(behind + 1)), .map(names.exact, key: .word(0), into: .word(8)),
            .destinationNAT(names.family, address: .word(8), port: .word(8 + behind)),
        ]
    }

    /// Not for ::1: unlike 127.0.0.1 it can never be the source of a packet that leaves.
    private static func anyRule(_ names: Names) -> [RuleExpression] {
        let loopback = [UInt8](repeating: 0, count: 15) + [1]
        let notLoopback: [RuleExpression] =
            names.family == .v4
            ? [] : [.destinationAddress(.v6, into: .word(0)), .compare(.word(0), .notEqual, loopback)]
        return isFamily(names) + notLoopback + [
            .meta(.transportProtocol, into: .word(0)), .destinationPort(into: .word(1)),
            .map(names.any, key: .word(0), into: .word(8)),
            .destinationNAT(names.family, address: .word(8), port: .word(8 + names.words)),
        ]
    }

    /// `IPS_DST_NAT`
    private static let translated = RuleExpression.anyBit(32, of: .conntrack(.status, into: .word(0)))

    private static func hairpinRule(_ names: Names) -> [RuleExpression] {
        isFamily(names) + translated + [
            .sourceAddress(names.family, into: .word(0)), .destinationAddress(names.family, into: .word(names.words)),
            .lookup(set: names.hairpin, key: .word(0)), .masquerade(),
        ]
    }

    private static let loopbackRule: [RuleExpression] =
        RuleExpression.match(.networkProtocol, equals: 2) + translated + [
            .sourceAddress(.v4, into: .word(0)),
            .bitwise(.word(0), into: .word(0), mask: [255, 0, 0, 0], xor: [0, 0, 0, 0]),
            .compare(.word(0), .equal, [127, 0, 0, 0]), .masquerade(),
        ]
}
