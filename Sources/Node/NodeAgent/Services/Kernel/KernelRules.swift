import NetTypes
import Netlink
import ServiceRules

/// The tables in the kernel. Not safe for concurrent use: an actor holds it.
struct KernelRules {
    let nftables: NftablesSocket
    let layouts: [ServiceLayout]
    /// Whether nobody else can change the tables; if not, every commit checks that nobody did.
    private(set) var isOwner = true
    private let wantsOwnership: Bool
    private var classes: [IPAddress.Family: Set<FrontClass>] = [:]
    private var timeouts: [IPAddress.Family: Set<UInt32>] = [:]
    private(set) var isolations: [IPAddress: PodIsolation] = [:]
    private var expectedGeneration: UInt32?

    /// - Parameter ownsTables: off only where drift is to be tried out.
    init(in namespace: NetworkNamespace?, ownsTables: Bool = true) throws {
        nftables = try NftablesSocket(in: namespace)
        wantsOwnership = ownsTables
        layouts = ServiceLayout.both
    }

    /// What was found of an earlier run.
    enum Adoption: Equatable {
        case made
        case kept
        /// It still works for packets; `replace` puts the right one in its place when all elements are known.
        case unfit(because: String)
    }

    /// Takes the tables over as they are, or makes them, without elements.
    mutating func adopt() throws -> Adoption {
        var result = Adoption.kept
        let present = try nftables.tables()
        for layout in layouts {
            let listing = present.first { $0.table == layout.table }
            if wantsOwnership {
                let comment = listing == nil ? ServiceLayout.tableComment : nil
                isOwner = try nftables.adopt(layout.table, comment: comment) == .owned && isOwner
            }
            if let listing {
                if let fault = try fault(of: layout, listing) { result = .unfit(because: fault) }
                try rememberIsolations(layout)
            } else {
                try make(layout)
                if result == .kept { result = .made }
            }
        }
        isOwner = isOwner && wantsOwnership
        try noteGeneration()
        return result
    }

    private mutating func make(_ layout: ServiceLayout) throws {
        var batch = NftablesBatch()
        if !wantsOwnership { addTable(layout, to: &batch) }
        layout.write(to: &batch)
        try nftables.commit(batch)
        classes[layout.family] = []
        timeouts[layout.family] = []
    }

    private func addTable(_ layout: ServiceLayout, to batch: inout NftablesBatch) {
        batch.addTable(
            layout.table, flags: isOwner && wantsOwnership ? [.owner, .persist] : [],
            comment: ServiceLayout.tableComment)
    }

    /// Replaces the tables with all that they should hold, in one commit: no packet sees anything in between.
    mutating func replace(with elements: [RuleElement], names: (FrontKey) -> String?) throws(CommitFailure) {
        var index = CommitIndex()
        do {
            try replace(with: elements, names: names, &index)
        } catch let error as NftablesError {
            throw CommitFailure(error: error, guilty: error.failures.first.flatMap { index.element(of: $0) })
        } catch {
            throw CommitFailure(error: error, guilty: nil)
        }
    }

    private mutating func replace(
        with elements: [RuleElement], names: (FrontKey) -> String?, _ index: inout CommitIndex
    ) throws {
        var batch = NftablesBatch(capacity: 1 << 16)
        let present = try nftables.tables()
        for layout in layouts {
            if present.contains(where: { $0.table == layout.table }) { batch.deleteTable(layout.table) }
            addTable(layout, to: &batch)
            layout.write(to: &batch)
            classes[layout.family] = []
            timeouts[layout.family] = []
        }
        var change = RuleChange()
        change.added = elements
        let made = write(change, to: &batch, names, &index)
        for (address, isolation) in isolations { write(isolation, [address], to: &batch) }
        try nftables.commit(batch)
        settle(made)
        try noteGeneration()
    }

    /// Commits a change, all or nothing.
    mutating func commit(_ change: RuleChange, names: (FrontKey) -> String?) throws(CommitFailure) {
        var batch = NftablesBatch(capacity: (change.added.count + change.removed.count) * 80 + 1024)
        var index = CommitIndex()
        let made = write(change, to: &batch, names, &index)
        guard !batch.isEmpty else { return }
        do throws(NftablesError) {
            try nftables.commit(batch, expecting: isOwner ? nil : expectedGeneration)
        } catch {
            throw CommitFailure(error: error, guilty: error.failures.first.flatMap { index.element(of: $0) })
        }
        settle(made)
        // Should reading it fail, the next commit finds itself stale and looks at everything.
        try? noteGeneration()
    }

    /// What is read from here on is what the next commit is based on.
    mutating func noteGeneration() throws {
        expectedGeneration = isOwner ? nil : try nftables.generation().number
    }

    /// The classes that a batch makes chains for.
    private struct Made {
        var classes: [IPAddress.Family: Set<FrontClass>] = [:]
        var timeouts: [IPAddress.Family: Set<UInt32>] = [:]
    }

    private mutating func settle(_ made: Made) {
        for (family, new) in made.classes { classes[family, default: []].formUnion(new) }
        for (family, new) in made.timeouts { timeouts[family, default: []].formUnion(new) }
    }

    /// Removals, then chains for new classes, then additions; each set's elements together.
    private func write(
        _ change: RuleChange, to batch: inout NftablesBatch, _ names: (FrontKey) -> String?, _ index: inout CommitIndex
    ) -> Made {
        let removed = Dictionary(grouping: change.removed) { Place(family: $0.family, set: $0.setName) }
        let added = Dictionary(grouping: change.added) { Place(family: $0.family, set: $0.setName) }
        var made = Made()
        for layout in layouts {
            for set in ServiceLayout.SetName.allCases {
                guard let elements = removed[Place(family: layout.family, set: set)] else { continue }
                let number = batch.deleteElements(from: set.rawValue, in: layout.table) { list in
                    for element in elements { element.append(to: &list, keysOnly: true) }
                }
                index.note(number, elements)
            }
        }
        for layout in layouts {
            let ofFamily = added.filter { $0.key.family == layout.family }
            addClasses(of: ofFamily.values.joined(), layout, to: &batch, &made)
            for set in ServiceLayout.SetName.allCases {
                guard let elements = ofFamily[Place(family: layout.family, set: set)] else { continue }
                let number = batch.addElements(to: set.rawValue, in: layout.table) { list in
                    for element in elements {
                        element.append(to: &list, comment: set == .services ? element.front.flatMap(names) : nil)
                    }
                }
                index.note(number, elements)
            }
        }
        return made
    }

    private func addClasses(
        of elements: some Sequence<RuleElement>, _ layout: ServiceLayout, to batch: inout NftablesBatch,
        _ made: inout Made
    ) {
        var wanted: Set<FrontClass> = []
        for element in elements {
            guard let frontClass = element.frontClass else { continue }
            wanted.insert(frontClass)
            if let next = frontClass.leadsTo { wanted.insert(next) }
        }
        let new = wanted.subtracting(classes[layout.family] ?? [])
        guard !new.isEmpty else { return }
        let newTimeouts = Set(new.map(\.affinityTimeout)).subtracting([0]).subtracting(timeouts[layout.family] ?? [])
        layout.add(new.sorted { $0.number < $1.number }, timeouts: newTimeouts, to: &batch)
        made.classes[layout.family] = new
        made.timeouts[layout.family] = newTimeouts
    }

    private struct Place: Hashable {
        var family: IPAddress.Family
        var set: ServiceLayout.SetName
    }
}

// MARK: Isolation

extension KernelRules {
    mutating func isolate(_ pods: [IPAddress], _ isolation: PodIsolation) throws {
        var batch = NftablesBatch()
        remove(pods.filter { isolations[$0] != nil }, from: &batch)
        write(isolation, pods, to: &batch)
        try nftables.commit(batch)
        for pod in pods { isolations[pod] = isolation }
        try noteGeneration()
    }

    mutating func release(_ pods: [IPAddress]) throws {
        let known = pods.filter { isolations[$0] != nil }
        var batch = NftablesBatch()
        remove(known, from: &batch)
        try nftables.commit(batch)
        for pod in known { isolations[pod] = nil }
        try noteGeneration()
    }

    private func remove(_ pods: [IPAddress], from batch: inout NftablesBatch) {
        for layout in layouts {
            let keys = pods.filter { $0.family == layout.family }.map { SetElement(RegisterBytes($0)) }
            guard !keys.isEmpty else { continue }
            batch.deleteElements(keys, from: ServiceLayout.SetName.podIngress.rawValue, in: layout.table)
            batch.deleteElements(keys, from: ServiceLayout.SetName.podEgress.rawValue, in: layout.table)
        }
    }

    private func write(_ isolation: PodIsolation, _ pods: [IPAddress], to batch: inout NftablesBatch) {
        for layout in layouts {
            let own = pods.filter { $0.family == layout.family }
            guard !own.isEmpty else { continue }
            let maps: [(ServiceLayout.SetName, PodIsolation.Access)] = [
                (.podIngress, isolation.ingress), (.podEgress, isolation.egress),
            ]
            for (map, access) in maps {
                let elements = own.map { SetElement(RegisterBytes($0), .verdict(access == .open ? .return : .drop)) }
                batch.addElements(elements, to: map.rawValue, in: layout.table)
            }
        }
    }

    mutating func remember(_ isolations: [IPAddress: PodIsolation]) { self.isolations.merge(isolations) { $1 } }

    mutating func remember(_ classes: Set<FrontClass>, timeouts: Set<UInt32>, _ family: IPAddress.Family) {
        self.classes[family] = classes
        self.timeouts[family] = timeouts
    }
}

/// A commit that the kernel refused, and the element it objected to, where it says.
struct CommitFailure: Error, CustomStringConvertible {
    var error: any Error
    var guilty: RuleElement?

    var cause: KernelError? { (error as? NftablesError)?.cause ?? error as? KernelError }
    var description: String { "\(error)" }
}

/// Which elements each change of a batch holds.
struct CommitIndex {
    private var elements: [Int: [RuleElement]] = [:]

    mutating func note(_ change: Int, _ elements: [RuleElement]) { self.elements[change] = elements }

    func element(of failure: NftablesError.Failure) -> RuleElement? {
        guard let list = elements[failure.change] else { return nil }
        if list.count == 1 { return list.first }
        // Ranges take two elements each and belong to no Service.
        guard let number = failure.element, list.indices.contains(number) else { return nil }
        return list[number]
    }
}
