import NetTypes
import Netlink
import ServiceRules

/// The chains that fronts of one class share. They are made when the first front needs them, and stay.
extension ServiceLayout {
    func rules(of frontClass: FrontClass) -> [Rule] {
        let chain = frontClass.chainName
        switch frontClass.kind {
        case .internal:
            return [Rule(chain, "clients that are no pods are masqueraded", sourceIsNoPod + markForMasquerade)]
                + choice(frontClass)
        case .external:
            return [Rule(chain, "every client is masqueraded", markForMasquerade)] + choice(frontClass)
        case .plain, .near: return choice(frontClass)
        case .local:
            guard let wide = frontClass.leadsTo else { return [] }
            let anywhere: [RuleExpression] = [.verdict(.goto(wide.chainName))]
            return [
                Rule(chain, "pods reach all endpoints", sourceIsPod + anywhere),
                Rule(
                    chain, "so does this node, masqueraded", sourceIsThisNode(.equal) + markForMasquerade + anywhere),
                Rule(chain, "others reach this node's endpoints", dispatch(by: .near, to: .pickNear)),
            ]
        }
    }

    private func choice(_ frontClass: FrontClass) -> [Rule] {
        let chain = frontClass.chainName
        let number = RuleExpression.number(
            into: .word(words + 2), modulus: UInt32(frontClass.count),
            offset: frontClass.kind == .near ? RuleElement.firstNearSlot : 0)
        guard frontClass.affinityTimeout > 0 else {
            return [Rule(chain, "any endpoint", frontKey() + [number] + translation(by: .endpoints))]
        }
        let remember: [RuleExpression] = [
            .setMeta(.priority, from: .word(0)), .verdict(.jump(rememberChain(frontClass.affinityTimeout))),
        ]
        return [
            Rule(
                chain, "the endpoint of last time",
                clientKey + [.map(SetName.affinity.rawValue, key: .word(0), into: .word(0))] + remember),
            // Also where the endpoint of last time is gone: then the jump above comes back.
            Rule(
                chain, "any endpoint",
                frontKey() + [number, .map(SetName.slots.rawValue, key: .word(0), into: .word(0))] + remember),
        ]
    }

    func rememberChain(_ timeout: UInt32) -> String { "remember-\(timeout)" }

    /// Writes down, or renews, the endpoint whose number the priority holds, and goes there.
    func rememberRules(_ timeout: UInt32) -> [Rule] {
        let chain = rememberChain(timeout)
        let client = clientKey
        let data = Register.word(2 * words + 2)
        return [
            Rule(
                chain, "for next time",
                client + [
                    .meta(.priority, into: data),
                    .update(
                        set: SetName.affinity.rawValue, key: .word(0), data: data, timeout: UInt64(timeout) * 1000),
                ]),
            Rule(
                chain, "go there",
                frontKey() + [.meta(.priority, into: .word(words + 2))] + translation(by: .stickyEndpoints)),
        ]
    }

    /// The client's address and the front: `2 * words + 2` words.
    private var clientKey: [RuleExpression] { [.sourceAddress(family, into: .word(0))] + frontKey(at: words) }

    private func translation(by map: SetName) -> [RuleExpression] {
        [
            .map(map.rawValue, key: .word(0), into: .word(0)),
            .destinationNAT(family, address: .word(0), port: .word(words)),
        ]
    }

    /// Adds the chains of these classes, and the elements of `pick` that lead to them.
    func add(_ classes: some Collection<FrontClass>, timeouts: Set<UInt32>, to batch: inout NftablesBatch) {
        for timeout in timeouts.sorted() {
            batch.addChain(Chain(table, rememberChain(timeout)))
            for rule in rememberRules(timeout) { add(rule, to: &batch) }
        }
        // All chains before their rules, which lead from one to another.
        for frontClass in classes { batch.addChain(Chain(table, frontClass.chainName)) }
        for frontClass in classes {
            for rule in rules(of: frontClass) { add(rule, to: &batch) }
        }
        for map in [SetName.pick, .pickNear] {
            let own = classes.filter { pickMap(of: $0) == map }
            guard !own.isEmpty else { continue }
            batch.addElements(to: map.rawValue, in: table) { list in
                for frontClass in own {
                    list.append(RegisterBytes(number: frontClass.number), .verdict(.goto(frontClass.chainName)))
                }
            }
        }
    }

    /// The map that leads to the class's chain; `nil` where only another chain does.
    func pickMap(of frontClass: FrontClass) -> SetName? {
        switch frontClass.kind {
        case .internal, .external, .local: .pick
        case .near: .pickNear
        case .plain: nil
        }
    }
}
