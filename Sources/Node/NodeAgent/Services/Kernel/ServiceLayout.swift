import NetTypes
import Netlink

/// The table of Service rules of one family: what never changes, however many Services there are.
///
///     prerouting ─► guard ──► services ─► pick ─► internal-2, external-2, local-2 … (one chain per class) ─► dnat
///     output ─────► guard ─┘                                                                              │
///     input, forward, output ─► isolation, refuse                                   postrouting ─► masquerade
///
/// A Service is nothing but elements. The class of a front travels from its element to the small map `pick` in the packet's priority
/// (its queueing class), which is cleared again before the packet leaves: unlike its mark, nobody routes by it.
struct ServiceLayout: Sendable {
    let family: IPAddress.Family

    static let name = "fairway"
    /// Raised with every change of chains, rules or set types: a table of another layout is replaced whole, in one commit.
    static let version = 1
    /// The bit of the packet mark that asks for masquerade, until postrouting: the one that kube-proxy uses, which others know to leave alone.
    static let masqueradeBit: UInt32 = 0x4000

    static let both = [ServiceLayout(family: .v4), ServiceLayout(family: .v6)]

    var table: TableName { TableName(family == .v4 ? .ipv4 : .ipv6, Self.name) }
    static var tableComment: String { "Fairway: Services, layout \(version)" }

    /// Words that an address takes in registers.
    var words: Int { family == .v4 ? 1 : 4 }
    var addressType: FieldType { family == .v4 ? .ipv4Address : .ipv6Address }

    /// A rule, known by its comment: what `nft list` shows, and what an audit compares.
    struct Rule {
        var chain: String
        var comment: String
        var steps: [RuleExpression]

        init(_ chain: String, _ comment: String, _ steps: [RuleExpression]) {
            self.chain = chain
            self.comment = comment
            self.steps = steps
        }
    }

    enum SetName: String, CaseIterable, Sendable {
        case services
        case near
        case endpoints
        case slots
        case stickyEndpoints = "sticky-endpoints"
        case affinity
        case pick
        case pickNear = "pick-near"
        case rejected
        case dropped
        case restricted
        case permitted
        case clusterAddresses = "cluster-addresses"
        case serviceRanges = "service-ranges"
        case pods
        case hairpins
        case podIngress = "pod-ingress"
        case podEgress = "pod-egress"
    }

    /// Clients remembered at most; each takes some 200 bytes while it is.
    static let mostRememberedClients: UInt32 = 1 << 20

    func set(_ name: SetName) -> NamedSet {
        let front: [FieldType] = [addressType, .transportProtocol, .port]
        let target = NamedSet.Data.fields([addressType, .port])
        let text = name.rawValue
        switch name {
        case .services, .near:
            return NamedSet(table, text, key: front, data: .fields([.queueingClass]))
        case .endpoints: return NamedSet(table, text, key: front + [.mark], data: target)
        case .stickyEndpoints: return NamedSet(table, text, key: front + [.queueingClass], data: target)
        case .slots:
            return NamedSet(table, text, key: front + [.mark], data: .fields([.queueingClass]))
        case .affinity:
            return NamedSet(
                table, text, key: [addressType] + front, data: .fields([.queueingClass]), flags: [.dynamic, .timeout],
                size: Self.mostRememberedClients)
        case .pick, .pickNear: return NamedSet(table, text, key: [.queueingClass], data: .verdict)
        case .rejected, .dropped, .restricted: return NamedSet(table, text, key: front)
        case .permitted: return NamedSet(table, text, key: front + [addressType], flags: .interval)
        case .clusterAddresses: return NamedSet(table, text, key: [addressType])
        case .serviceRanges, .pods: return NamedSet(table, text, key: [addressType], flags: .interval)
        case .hairpins: return NamedSet(table, text, key: [addressType, addressType])
        case .podIngress, .podEgress: return NamedSet(table, text, key: [addressType], data: .verdict)
        }
    }

    var chains: [Chain] {
        let plain = ["restrict", "services", "isolation-egress", "isolation-ingress", "refuse"]
        return plain.map { Chain(table, $0) } + [
            // Before destination NAT: what the client asked for is still to be seen.
            Chain(table, "guard-prerouting", hook: .init(.filter, .prerouting, priority: -110)),
            Chain(table, "guard-output", hook: .init(.filter, .output, priority: -110)),
            Chain(table, "nat-prerouting", hook: .init(.nat, .prerouting, priority: -100)),
            Chain(table, "nat-output", hook: .init(.nat, .output, priority: -100)),
            Chain(table, "filter-input", hook: .init(.filter, .input, priority: 0)),
            Chain(table, "filter-forward", hook: .init(.filter, .forward, priority: 0)),
            Chain(table, "filter-output", hook: .init(.filter, .output, priority: 0)),
            Chain(table, "nat-postrouting", hook: .init(.nat, .postrouting, priority: 100)),
        ]
    }

    /// Writes table, sets, chains and rules. The table must be empty or new.
    func write(to batch: inout NftablesBatch) {
        for name in SetName.allCases { batch.addSet(set(name)) }
        for chain in chains { batch.addChain(chain) }
        for rule in rules { add(rule, to: &batch) }
    }

    func add(_ rule: Rule, to batch: inout NftablesBatch) {
        batch.addRule(rule.steps, to: rule.chain, in: table, comment: rule.comment)
    }
}
