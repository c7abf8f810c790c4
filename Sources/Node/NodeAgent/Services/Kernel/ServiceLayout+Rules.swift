import NetTypes
import Netlink

extension ServiceLayout {
    /// The rules that are the same on every node.
    var rules: [Rule] { guardRules + natRules + filterRules + masqueradeRules }

    /// First packets only: `IP_CT_NEW`.
    private var isNew: [RuleExpression] { RuleExpression.anyBit(8, of: .conntrack(.state, into: .word(0))) }
    private var isInvalid: [RuleExpression] { RuleExpression.anyBit(1, of: .conntrack(.state, into: .word(0))) }
    /// `IPS_DST_NAT`
    private var isTranslated: [RuleExpression] { RuleExpression.anyBit(32, of: .conntrack(.status, into: .word(0))) }

    private func destination(in set: SetName) -> [RuleExpression] {
        [.destinationAddress(family, into: .word(0)), .lookup(set: set.rawValue, key: .word(0))]
    }

    private func source(in set: SetName, isInverted: Bool = false) -> [RuleExpression] {
        [.sourceAddress(family, into: .word(0)), .lookup(set: set.rawValue, key: .word(0), isInverted: isInverted)]
    }

    /// `RTN_LOCAL`
    func sourceIsThisNode(_ relation: Relation) -> [RuleExpression] {
        [.fib(.addressType, [.source], into: .word(0)), .compare(.word(0), relation, RuleExpression.hostBytes(2))]
    }

    var sourceIsPod: [RuleExpression] { source(in: .pods) }
    var sourceIsNoPod: [RuleExpression] { source(in: .pods, isInverted: true) }

    /// Address, protocol and port that the client asked for, from `.word(first)` on: `words + 2` of them.
    func frontKey(at first: Int = 0) -> [RuleExpression] {
        [
            .destinationAddress(family, into: .word(first)), .meta(.transportProtocol, into: .word(first + words)),
            .destinationPort(into: .word(first + words + 1)),
        ]
    }

    private func front(in set: SetName) -> [RuleExpression] {
        frontKey() + [.lookup(set: set.rawValue, key: .word(0))]
    }

    var markForMasquerade: [RuleExpression] {
        [
            .meta(.mark, into: .word(0)),
            .bitwise(
                .word(0), into: .word(0), mask: RuleExpression.hostBytes(~Self.masqueradeBit),
                xor: RuleExpression.hostBytes(Self.masqueradeBit)),
            .setMeta(.mark, from: .word(0)),
        ]
    }

    /// Takes the front's class from the map, and goes where it leads. A front that is not there ends the rule before anything changed.
    /// The near fronts have a map of classes of their own: the kernel lets no chain lead back to itself.
    func dispatch(by map: SetName, to pick: SetName) -> [RuleExpression] {
        frontKey() + [
            .map(map.rawValue, key: .word(0), into: .word(0)), .setMeta(.priority, from: .word(0)),
            .meta(.priority, into: .word(0)), .verdictMap(pick.rawValue, key: .word(0)),
        ]
    }

    private var guardRules: [Rule] {
        let outsider = sourceIsNoPod + sourceIsThisNode(.notEqual) + [.verdict(.drop)]
        return [
            Rule(
                "guard-prerouting", "a ClusterIP is for this cluster only",
                isNew + destination(in: .clusterAddresses) + outsider),
            Rule("guard-prerouting", "so is an unused one", isNew + destination(in: .serviceRanges) + outsider),
            Rule("guard-prerouting", "source ranges", isNew + [.verdict(.jump("restrict"))]),
            Rule("guard-output", "source ranges", isNew + [.verdict(.jump("restrict"))]),
            Rule(
                "restrict", "not in loadBalancerSourceRanges",
                front(in: .restricted) + frontKey() + [
                    .sourceAddress(family, into: .word(words + 2)),
                    .lookup(set: SetName.permitted.rawValue, key: .word(0), isInverted: true), .verdict(.drop),
                ]),
        ]
    }

    private var natRules: [Rule] {
        [
            Rule("nat-prerouting", "Services", [.verdict(.jump("services"))]),
            Rule("nat-output", "Services", [.verdict(.jump("services"))]),
            Rule("services", "front to class to chain", dispatch(by: .services, to: .pick)),
        ]
    }

    private var filterRules: [Rule] {
        let refuse = isNew + [.verdict(.jump("refuse"))]
        let reject: [RuleExpression] = [.reject(.icmp(code: family == .v4 ? 3 : 4))]
        return [
            // A packet that connection tracking gave up on would reach its client with the pod's own address.
            Rule("filter-forward", "untracked answers of pods", isInvalid + sourceIsPod + [.verdict(.drop)]),
            Rule("filter-forward", "what a pod may reach", isNew + [.verdict(.jump("isolation-egress"))]),
            Rule("filter-forward", "who may reach a pod", isNew + [.verdict(.jump("isolation-ingress"))]),
            Rule("filter-forward", "fronts without endpoints", refuse),
            Rule("filter-input", "fronts without endpoints", refuse),
            Rule("filter-output", "fronts without endpoints", refuse),
            Rule(
                "isolation-egress", "by source",
                [.sourceAddress(family, into: .word(0)), .verdictMap(SetName.podEgress.rawValue, key: .word(0))]),
            Rule(
                "isolation-ingress", "by destination",
                [.destinationAddress(family, into: .word(0)), .verdictMap(SetName.podIngress.rawValue, key: .word(0))]),
            Rule("refuse", "policy Local, no endpoint here", front(in: .dropped) + [.verdict(.drop)]),
            Rule("refuse", "no endpoint at all", front(in: .rejected) + reject),
            Rule("refuse", "no such port", destination(in: .clusterAddresses) + reject),
            Rule("refuse", "no such Service", destination(in: .serviceRanges) + reject),
        ]
    }

    private var masqueradeRules: [Rule] {
        let bit = RuleExpression.hostBytes(Self.masqueradeBit)
        let isMarked: [RuleExpression] = [
            .meta(.mark, into: .word(0)),
            .bitwise(.word(0), into: .word(0), mask: bit, xor: RuleExpression.hostBytes(0)),
            .compare(.word(0), .equal, bit),
        ]
        let unmark: [RuleExpression] = [
            .meta(.mark, into: .word(0)),
            .bitwise(.word(0), into: .word(0), mask: RuleExpression.hostBytes(~0), xor: bit),
            .setMeta(.mark, from: .word(0)),
        ]
        return [
            Rule(
                "nat-postrouting", "the class has done its work",
                isTranslated + [
                    .load(RuleExpression.hostBytes(0), into: .word(0)), .setMeta(.priority, from: .word(0)),
                ]),
            Rule("nat-postrouting", "marked by a front's class", isMarked + unmark + [.masquerade(.fullyRandom)]),
            Rule(
                "nat-postrouting", "an endpoint that was sent to itself",
                isTranslated + [
                    .sourceAddress(family, into: .word(0)), .destinationAddress(family, into: .word(words)),
                    .lookup(set: SetName.hairpins.rawValue, key: .word(0)), .masquerade(.fullyRandom),
                ]),
        ]
    }
}
