import NetTypes
import Netlink
import ServiceRules

/// What the kernel holds.
struct KernelContent {
    var elements: Set<RuleElement> = []
    /// Elements that no rule of ours could have asked for.
    var strangers: [(table: TableName, set: String, element: SetElement)] = []
    var isolations: [IPAddress: PodIsolation] = [:]
    /// Why a table cannot be kept as it is.
    var fault: String?
}

extension KernelRules {
    /// Reads both tables whole. Where one is missing or its rules are not ours, `fault` says so and the rest is of no use.
    func read() throws -> KernelContent {
        var content = KernelContent()
        let present = try nftables.tables()
        for layout in layouts {
            guard let listing = present.first(where: { $0.table == layout.table }) else {
                content.fault = "\(layout.table) is gone"
                return content
            }
            if let fault = try inspect(layout, listing).fault {
                content.fault = "\(layout.table): \(fault)"
                return content
            }
            for set in ServiceLayout.SetName.allCases where ![.affinity, .pick, .pickNear].contains(set) {
                read(try nftables.elements(of: set.rawValue, in: layout.table), of: set, layout, into: &content)
            }
        }
        return content
    }

    private func read(
        _ elements: [SetElement], of set: ServiceLayout.SetName, _ layout: ServiceLayout,
        into content: inout KernelContent
    ) {
        switch set {
        case .pods, .serviceRanges:
            let prefixes = RuleElement.ranges(elements, layout.family)
            content.elements.formUnion(prefixes.map(set == .pods ? RuleElement.podRange : RuleElement.serviceRange))
        case .podIngress, .podEgress:
            for element in elements {
                var reader = RegisterReader(element.key)
                guard let pod = reader.address(layout.family) else { continue }
                let access: PodIsolation.Access = element.data == .verdict(.drop) ? .closed : .open
                if set == .podIngress {
                    content.isolations[pod, default: .open].ingress = access
                } else {
                    content.isolations[pod, default: .open].egress = access
                }
            }
        default:
            for element in elements {
                if let known = RuleElement(element, of: set, layout.family) {
                    content.elements.insert(known)
                } else {
                    content.strangers.append((layout.table, set.rawValue, element))
                }
            }
        }
    }

    /// Looks at an existing table, and takes in the classes that it has chains for. `nil` where all is as it should be.
    mutating func fault(of layout: ServiceLayout, _ listing: TableListing) throws -> String? {
        let inspection = try inspect(layout, listing)
        if let fault = inspection.fault { return fault }
        remember(inspection.classes, timeouts: inspection.timeouts, layout.family)
        return nil
    }

    private struct Inspection {
        var fault: String?
        var classes: Set<FrontClass> = []
        var timeouts: Set<UInt32> = []

        mutating func note(_ frontClass: FrontClass) {
            classes.insert(frontClass)
            if frontClass.affinityTimeout > 0 { timeouts.insert(frontClass.affinityTimeout) }
            if let next = frontClass.leadsTo { note(next) }
        }
    }

    private func inspect(_ layout: ServiceLayout, _ listing: TableListing) throws -> Inspection {
        var inspection = Inspection()
        guard listing.comment == ServiceLayout.tableComment else {
            inspection.fault = "it is of another layout (\(listing.comment ?? "no comment"))"
            return inspection
        }
        let sets = Set(try nftables.sets(in: layout.table).map(\.name))
        if let missing = ServiceLayout.SetName.allCases.first(where: { !sets.contains($0.rawValue) }) {
            inspection.fault = "the set \(missing.rawValue) is gone"
            return inspection
        }
        for map in [ServiceLayout.SetName.pick, .pickNear] {
            for element in try nftables.elements(of: map.rawValue, in: layout.table) {
                var reader = RegisterReader(element.key)
                guard let frontClass = reader.number().flatMap(FrontClass.init(number:)),
                    element.data == .verdict(.goto(frontClass.chainName)), layout.pickMap(of: frontClass) == map
                else {
                    inspection.fault = "an element of \(map.rawValue) leads elsewhere"
                    return inspection
                }
                inspection.note(frontClass)
            }
        }
        inspection.fault = try faultOfRules(layout, inspection)
        return inspection
    }

    /// Compares chains with their hooks, and rules by comment and by the kinds of their steps.
    private func faultOfRules(_ layout: ServiceLayout, _ inspection: Inspection) throws -> String? {
        var expected = Dictionary(uniqueKeysWithValues: layout.chains.map { ($0.name, $0) })
        for frontClass in inspection.classes {
            expected[frontClass.chainName] = Chain(layout.table, frontClass.chainName)
        }
        for timeout in inspection.timeouts {
            expected[layout.rememberChain(timeout)] = Chain(layout.table, layout.rememberChain(timeout))
        }
        let chains = Dictionary(
            try nftables.chains(in: layout.table).map { ($0.chain.name, $0.chain) },
            uniquingKeysWith: { first, _ in first })
        if chains != expected {
            let other = Set(chains.keys).symmetricDifference(expected.keys).sorted().first
            return "the chain \(other ?? "of a hook") is not as it was made"
        }
        let rules =
            layout.rules + inspection.classes.flatMap(layout.rules(of:))
            + inspection.timeouts.flatMap(layout.rememberRules)
        let wanted = Dictionary(grouping: rules, by: \.chain).mapValues {
            $0.map { "\($0.comment) (\($0.steps.count))" }
        }
        let found = Dictionary(grouping: try nftables.rules(in: layout.table), by: \.chain).mapValues {
            $0.map { "\($0.comment ?? "") (\($0.expressions.count))" }
        }
        guard wanted != found else { return nil }
        let chain = Set(wanted.keys).union(found.keys).sorted().first { wanted[$0] != found[$0] }
        return "the rules of the chain \(chain ?? "") are not as they were made"
    }

    /// A table of whatever layout has kept its pods apart so far.
    mutating func rememberIsolations(_ layout: ServiceLayout) throws {
        var content = KernelContent()
        let sets = Set(try nftables.sets(in: layout.table).map(\.name))
        for set in [ServiceLayout.SetName.podIngress, .podEgress] where sets.contains(set.rawValue) {
            read(try nftables.elements(of: set.rawValue, in: layout.table), of: set, layout, into: &content)
        }
        remember(content.isolations)
    }

    /// Deletes the tables and nothing else. Says which were there.
    package static func remove(in namespace: NetworkNamespace?) throws -> [String] {
        let nftables = try NftablesSocket(in: namespace)
        var removed: [String] = []
        for listing in try nftables.tables() where ServiceLayout.both.contains(where: { $0.table == listing.table }) {
            var batch = NftablesBatch()
            batch.deleteTable(listing.table)
            try nftables.commit(batch)
            removed.append("\(listing.table)")
        }
        return removed
    }
}

extension KernelContent {
    /// Where endpoints already have their slots.
    var slotHints: [FrontKey: ServiceTable.SlotHint] {
        var ids: [FrontKey: [UInt32: SocketEndpoint]] = [:]
        for case .sticky(let key, let id, let endpoint) in elements { ids[key, default: [:]][id] = endpoint }
        var slots: [FrontKey: [UInt32: SocketEndpoint]] = [:]
        for element in elements {
            switch element {
            case .endpoint(let key, let slot, let endpoint): slots[key, default: [:]][slot] = endpoint
            case .slot(let key, let slot, let id): slots[key, default: [:]][slot] = ids[key]?[id]
            default: continue
            }
        }
        return slots.mapValues { slots in
            let ordered = slots.sorted { $0.key < $1.key }
            return ServiceTable.SlotHint(
                wide: ordered.filter { $0.key < RuleElement.firstNearSlot }.map(\.value),
                near: ordered.filter { $0.key >= RuleElement.firstNearSlot }.map(\.value))
        }
    }
}
