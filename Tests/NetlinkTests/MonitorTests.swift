import Foundation
import NetTypes
import TestSupport
import Testing

@testable import Netlink

@Suite(.enabled(if: NetworkAbility.isWanted && Tool.nft.isWanted && Tool.ip.isWanted, "needs root, ip(8) and nft(8)"))
struct MonitorTests {
    @Test func aForeignRouteDeletionIsToldWithWhoDidItAndOursIsNot() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
            for end in ["fw0", "fw1"] { try route.perform(.changeLink(.named(end), .up)) }
            let link = try route.link(.named("fw0")).index
            let monitor = try NetlinkMonitor.route(in: scratch.namespace, [.routes], ignoring: route.socket.port)
            let first = Route(to: try #require(IPPrefix("10.1.0.0/24")), link: link)
            let second = Route(to: try #require(IPPrefix("10.2.0.0/24")), link: link)
            try route.perform(.addRoute(first))
            try route.perform(.addRoute(second))
            try await scratch.program(.ip, ["route", "del", "10.2.0.0/24"])
            var notices = monitor.makeAsyncIterator()
            let element = await notices.next()
            guard case .notice(let notice)? = element else {
                Issue.record("\(String(describing: element))")
                return
            }
            #expect(notice.object == .route(second))
            #expect(notice.isRemoval && notice.port != 0 && notice.port != route.socket.port)
        }
    }

    @Test func linksAddressesAndNeighboursAreTold() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            let monitor = try NetlinkMonitor.route(in: scratch.namespace, [.links, .addresses, .neighbours])
            try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
            let link = try route.link(.named("fw0")).index
            let mac = try #require(MACAddress("02:00:00:00:00:09"))
            try route.perform(.addAddress(InterfaceAddress(.v4(10, 1, 0, 1), prefixLength: 24, link: link)))
            try route.perform(.changeLink(.named("fw0"), .up))
            try route.perform(.replaceNeighbour(.permanent(.v4(10, 1, 0, 2), at: mac, link: link)))
            try route.perform(.deleteLink(.named("fw0")))
            var seen: Set<String> = []
            for await element in monitor {
                guard case .notice(let notice) = element else { continue }
                switch notice.object {
                case .link(let link): seen.insert("\(notice.isRemoval ? "-" : "+")link \(link.name)")
                case .address(let address): seen.insert("\(notice.isRemoval ? "-" : "+")\(address.address)")
                case .neighbour(let neighbour): seen.insert("\(notice.isRemoval ? "-" : "+")\(neighbour.mac as Any)")
                case .route: Issue.record("routes were not asked for")
                }
                if seen.contains("-link fw0") && seen.contains("-link fw1") { break }
            }
            #expect(
                seen.isSuperset(of: [
                    "+link fw0", "+link fw1", "+10.1.0.1", "-10.1.0.1", "+\(mac as MACAddress? as Any)",
                ]))
        }
    }

    @Test func aRulesetChangeNamesItsProcessAndOwnLoadsComeWithoutDetail() async throws {
        try await Scratch.with { scratch in
            let nftables = try NftablesSocket(in: scratch.namespace)
            let monitor = try NetlinkMonitor.ruleset(in: scratch.namespace, ignoring: nftables.socket.port)
            let table = TableName(.inet, "mine")
            var batch = NftablesBatch()
            batch.addTable(table)
            batch.addSet(NamedSet(table, "s", key: [.mark]))
            batch.addElements(
                (0..<100_000 as Range<UInt32>).map { SetElement(RegisterBytes(number: $0)) }, to: "s", in: table)
            try nftables.commit(batch)
            try await scratch.nft("add", "chain", "inet", "mine", "c")
            var notices = monitor.makeAsyncIterator()
            guard case .notice(let own)? = await notices.next(), case .notice(let foreign)? = await notices.next()
            else {
                Issue.record("no notices")
                return
            }
            #expect(own.port == nftables.socket.port && own.changes.isEmpty)
            #expect(foreign.generation.processName == "nft")
            #expect(foreign.generation.number == own.generation.number + 1)
            #expect(foreign.changes == [.init(kind: .chain, isRemoval: false, table: table, name: "c")])
            #expect(foreign.concerns(table))
        }
    }

    @Test func whatTheKernelHadNoRoomForIsToldAsAResync() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            let monitor = try NetlinkMonitor<RouteNotice>(
                .route, groups: RouteGroups.routes.numbers, in: scratch.namespace, ignoring: nil, receiveBuffer: 1,
                decoder: RouteNoticeDecoder())
            let lost = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    for await element in monitor { if case .resync = element { return true } }
                    return false
                }
                group.addTask {
                    while !Task.isCancelled {
                        for change in [RouteRequest.addRoute, RouteRequest.deleteRoute] {
                            _ = try route.performAll(
                                (0..<200 as Range<UInt8>).compactMap { number in
                                    IPPrefix(.v4(10, 0, number, 0), length: 24).map {
                                        change(Route(to: $0, kind: .unreachable))
                                    }
                                })
                        }
                    }
                    return false
                }
                defer { group.cancelAll() }
                return try await group.next()
            }
            #expect(lost == true)
        }
    }

    @Test func aQueueThatIsFullGivesUpWhatWaitsForOneResync() async {
        let queue = NoticeQueue<Int>(capacity: 2)
        queue.add(1)
        #expect(await queue.next() == .notice(1))
        for number in 2...5 { queue.add(number) }
        #expect(await queue.next() == .resync)
        queue.add(6)
        #expect(await queue.next() == .notice(6))
        queue.finish()
        #expect(await queue.next() == nil)
    }

    @Test func aCancelledReaderEnds() async throws {
        try await Scratch.with { scratch in
            let monitor = try NetlinkMonitor.route(in: scratch.namespace)
            let ended = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    for await _ in monitor {}
                    return true
                }
                group.cancelAll()
                return await group.next()
            }
            #expect(ended == true)
        }
    }
}
