import Foundation
import NetTypes
import Netlink
import TestSupport
import Testing

private let table = TableName(.ipv4, "fwtest")

@Suite(.enabled(if: NetworkAbility.isWanted && Tool.nft.isWanted, "needs root and nft(8)"))
struct NftablesTests {
    @Test func nftReadsTheTableChainsRulesAndMapsThatWeWrote() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            try nftables.commit(serviceTable())
            let text = try await scratch.nft("list", "table", "ip", "fwtest")
            for line in [
                "map count {", "type ipv4_addr . inet_proto . inet_service : mark",
                "comment \"how many endpoints\"",
                "elements = { 10.96.0.1 . tcp . 80 comment \"default/web\" : 0x00000002 }",
                "elements = { 0x00000002 : goto pick2 }",
                "type nat hook prerouting priority dstnat; policy accept;",
                "meta mark set ip daddr . meta l4proto . th dport map @count",
                "meta mark vmap @pick comment \"by count\"",
                "dnat ip to ip daddr . meta l4proto . tcp dport . numgen random mod 2 map @endpoints",
                "fib daddr type local counter packets 0 bytes 0 reject",
                "ct state new ip saddr @clients masquerade fully-random",
                "elements = { 10.0.0.0/8, 192.168.0.1 }",
            ] { #expect(text.contains(line), "\(line)\n\(text)") }
            #expect(
                try nftables.chains(in: table).first { $0.chain.name == "prerouting" }?.chain.hook?.priority == -100)
            #expect(try nftables.rules(in: table).map(\.comment).contains("by count"))
            #expect(try nftables.sets(in: table).map(\.name) == ["count", "pick", "endpoints", "clients"])
            #expect(try nftables.sets(in: table).first { $0.name == "count" }?.matches(countMap) == true)
            let element = try #require(try nftables.element(serviceKey, of: "count", in: table))
            #expect(element == SetElement(serviceKey, .value(RegisterBytes(number: 2)), comment: "default/web"))
            #expect(try nftables.elements(of: "pick", in: table).first?.data == .verdict(.goto("pick2")))
            #expect(try nftables.element(serviceKey.with(number: 9), of: "endpoints", in: table) == nil)
        }
    }

    private let serviceKey = RegisterBytes(IPAddress.v4(10, 96, 0, 1)).with(protocol: 6).with(port: 80)
    private let countMap = NamedSet(
        table, "count", key: [.ipv4Address, .transportProtocol, .port], data: .fields([.mark]),
        comment: "how many endpoints")

    private func serviceTable() -> NftablesBatch {
        var batch = NftablesBatch()
        batch.addTable(table)
        batch.addSet(countMap)
        batch.addSet(NamedSet(table, "pick", key: [.mark], data: .verdict))
        batch.addSet(
            NamedSet(
                table, "endpoints", key: [.ipv4Address, .transportProtocol, .port, .mark],
                data: .fields([.ipv4Address, .port])))
        batch.addSet(NamedSet(table, "clients", key: [.ipv4Address], flags: .interval))
        batch.addChain(Chain(table, "prerouting", hook: .init(.nat, .prerouting, priority: -100)))
        batch.addChain(Chain(table, "input", hook: .init(.filter, .input, priority: 0)))
        batch.addChain(Chain(table, "postrouting", hook: .init(.nat, .postrouting, priority: 100)))
        batch.addChain(Chain(table, "pick2"))
        let key: [RuleExpression] = [
            .destinationAddress(.v4, into: .word(0)), .meta(.transportProtocol, into: .word(1)),
            .destinationPort(into: .word(2)),
        ]
        batch.addRule(
            key + [.map("count", key: .word(0), into: .word(4)), .setMeta(.mark, from: .word(4))], to: "prerouting",
            in: table)
        batch.addRule(
            [.meta(.mark, into: .word(0)), .verdictMap("pick", key: .word(0))], to: "prerouting", in: table,
            comment: "by count")
        batch.addRule(
            RuleExpression.match(.transportProtocol, equals: 6) + key + [
                .number(into: .word(3), modulus: 2), .map("endpoints", key: .word(0), into: .word(4)),
                .destinationNAT(.v4, address: .word(4), port: .word(5)),
            ], to: "pick2", in: table)
        batch.addRule(
            [
                .fib(.addressType, .destination, into: .word(0)),
                .compare(.word(0), .equal, RuleExpression.hostBytes(2)), .counter, .reject(.icmp(code: 3)),
            ], to: "input", in: table)
        batch.addRule(
            RuleExpression.anyBit(8, of: .conntrack(.state, into: .word(0))) + [
                .sourceAddress(.v4, into: .word(0)), .lookup(set: "clients", key: .word(0)), .masquerade(.fullyRandom),
            ], to: "postrouting", in: table)
        batch.addElements(
            [SetElement(serviceKey, .value(RegisterBytes(number: 2)), comment: "default/web")], to: "count", in: table)
        batch.addElements([SetElement(RegisterBytes(number: 2), .verdict(.goto("pick2")))], to: "pick", in: table)
        batch.addElements(to: "endpoints", in: table) { list in
            for index in 0..<2 as Range<UInt8> {
                list.append(
                    serviceKey.with(number: UInt32(index)),
                    .value(RegisterBytes(IPAddress.v4(10, 244, 0, index)).with(port: 8080)))
            }
        }
        batch.addElements(
            [
                SetElement(RegisterBytes(IPAddress.v4(10, 0, 0, 0))),
                SetElement(RegisterBytes(IPAddress.v4(11, 0, 0, 0)), isIntervalEnd: true),
                SetElement(RegisterBytes(IPAddress.v4(192, 168, 0, 1))),
                SetElement(RegisterBytes(IPAddress.v4(192, 168, 0, 2)), isIntervalEnd: true),
            ], to: "clients", in: table)
        return batch
    }

    @Test func rangesOfSeveralFieldsAndTimeoutsAreKept() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            let six = TableName(.ipv6, "fwtest")
            var batch = NftablesBatch()
            batch.addTable(six)
            batch.addSet(NamedSet(six, "allowed", key: [.ipv6Address, .port], flags: .interval))
            batch.addSet(
                NamedSet(
                    six, "affinity", key: [.ipv6Address, .port], data: .fields([.ipv6Address]), flags: .dynamic,
                    timeout: 10_800_000, size: 1000))
            let low = try #require(IPAddress("fd00::")), high = try #require(IPAddress("fd00::ffff"))
            batch.addElements(
                [
                    SetElement(
                        RegisterBytes(low).with(port: 80), keyEnd: RegisterBytes(high).with(port: 90),
                        comment: "pods")
                ], to: "allowed", in: six)
            batch.addElements(
                [SetElement(RegisterBytes(low).with(port: 1), .value(RegisterBytes(high)), timeout: 60_000)],
                to: "affinity", in: six)
            batch.addChain(Chain(six, "out", hook: .init(.filter, .output, priority: 0)))
            batch.addRule(
                [
                    .destinationAddress(.v6, into: .word(0)), .destinationPort(into: .word(4)),
                    .load(high.bytes, into: .word(8)),
                    .update(set: "affinity", key: .word(0), data: .word(8), timeout: 5000),
                ], to: "out", in: six)
            try nftables.commit(batch)
            let text = try await scratch.nft("list", "table", "ip6", "fwtest")
            #expect(
                text.contains("fd00::-fd00::ffff . 80-90 comment \"pods\"") || text.contains("fd00::/112 . 80-90"),
                "\(text)")
            #expect(text.contains("timeout 3h"), "\(text)")
            let kept = try #require(try nftables.elements(of: "affinity", in: six).first)
            #expect(kept.timeout == 60_000)
            #expect(try #require(kept.expiration) <= 60_000)
        }
    }

    @Test func aBadChangeUndoesTheBatchAndIsNamed() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            var base = NftablesBatch()
            base.addTable(table)
            base.addSet(NamedSet(table, "s", key: [.ipv4Address]))
            try nftables.commit(base)

            var batch = NftablesBatch()
            let addresses = (0..<200 as Range<UInt8>).map { SetElement(RegisterBytes(IPAddress.v4(10, 0, 0, $0))) }
            batch.addElements(addresses, to: "s", in: table)
            let bad = batch.addElements(addresses, to: "nope", in: table)
            batch.addElements(addresses, to: "s", in: table)
            let error = #expect(throws: NftablesError.self) { try nftables.commit(batch) }
            #expect(error?.failures.map(\.change) == [bad])
            #expect(error?.isNotFound == true)
            #expect(error?.description.hasPrefix("could not add elements to ip fwtest nope: ") == true)
            #expect(try nftables.elements(of: "s", in: table).isEmpty)
        }
    }

    @Test func theElementInQuestionIsNamed() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            var base = NftablesBatch()
            base.addTable(table)
            base.addSet(NamedSet(table, "m", key: [.mark], data: .fields([.mark])))
            base.addElements(
                [SetElement(RegisterBytes(number: 77), .value(RegisterBytes(number: 1)))], to: "m", in: table)
            try nftables.commit(base)
            var batch = NftablesBatch()
            let number = batch.addElements(to: "m", in: table) { list in
                for key in 0..<5000 as Range<UInt32> {
                    list.append(RegisterBytes(number: key + 10_000), .value(RegisterBytes(number: key)))
                }
                list.append(RegisterBytes(number: 77), .value(RegisterBytes(number: 2)))
            }
            let error = #expect(throws: NftablesError.self) { try nftables.commit(batch) }
            #expect(error?.failures.first?.change == number)
            #expect(error?.failures.first?.element == 5000)
            #expect(error?.cause.isAlreadyThere == true)
        }
    }

    @Test func aStaleGenerationIsRefused() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            let before = try nftables.generation().number
            var batch = NftablesBatch()
            batch.addTable(table)
            try nftables.commit(batch, expecting: before)
            #expect(try nftables.generation().number == before + 1)
            let error = #expect(throws: NftablesError.self) { try nftables.commit(batch, expecting: before) }
            #expect(error?.isStale == true)
            var gone = NftablesBatch()
            gone.deleteTable(table)
            try nftables.commit(gone)
            #expect(try nftables.tables().isEmpty)
        }
    }

    @Test func anOwnedTableWithstandsOthersAndIsAdoptedByASuccessor() async throws {
        try await Scratch.with { scratch in
            var first: NftablesSocket? = try NftablesSocket(in: scratch.namespace)
            guard try first?.adopt(table) == .owned else { return }
            await #expect(throws: ProgramFailed.self) { try await scratch.nft("add", "chain", "ip", "fwtest", "c") }
            try await scratch.nft("flush", "ruleset")
            let second = try NftablesSocket(in: scratch.namespace)
            let refused = #expect(throws: NftablesError.self) { try second.adopt(table) }
            #expect(refused?.isForbidden == true)
            first = nil
            #expect(try second.tables().map(\.table) == [table])
            #expect(try second.adopt(table) == .owned)
            #expect(try second.tables().first?.owner == second.socket.port)
        }
    }

    @Test func aSharedTableIsTakenAsItIs() async throws {
        try await Scratch.with { scratch in
            try await scratch.nft("add", "table", "ip", "fwtest")
            #expect(try NftablesSocket(in: scratch.namespace).adopt(table) == .shared)
        }
    }

    /// Ten thousand Services of two endpoints: the budget of the design is 0.15 s in an optimised build.
    @Test func fiftyThousandElementsGoInOneBatchAndOneMoreIsQuick() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            var base = NftablesBatch()
            base.addTable(table)
            base.addSet(
                NamedSet(
                    table, "endpoints", key: [.ipv4Address, .transportProtocol, .port, .mark],
                    data: .fields([.ipv4Address, .port])))
            try nftables.commit(base)
            let clock = ContinuousClock()
            func fill(_ range: Range<UInt32>) -> NftablesBatch {
                var batch = NftablesBatch()
                batch.addElements(to: "endpoints", in: table) { list in
                    for number in range {
                        let bytes = [10, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
                        guard let key = RegisterBytes(bytes: bytes)?.with(protocol: 6).with(port: 80).with(number: 0)
                        else { continue }
                        list.append(key, .value(RegisterBytes(IPAddress.v4(10, 244, 0, 1)).with(port: 8080)))
                    }
                }
                return batch
            }
            var batch = NftablesBatch()
            let build = clock.measure { batch = fill(0..<50_000) }
            let send = try clock.measure { try nftables.commit(batch) }
            let one = try clock.measure {
                for number in 60_000..<60_100 as Range<UInt32> { try nftables.commit(fill(number..<number + 1)) }
            }
            var count = 0
            let dump = try clock.measure { count = try nftables.elements(of: "endpoints", in: table).count }
            #expect(count == 50_100)
            #expect(build + send + dump < .seconds(30) && one / 100 < .milliseconds(20))
        }
    }
}

extension Scratch {
    @discardableResult
    func nft(_ arguments: String...) async throws -> String {
        try await program(.nft, arguments)
    }
}
