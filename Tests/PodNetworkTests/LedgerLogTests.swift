import Foundation
import NetTypes
import TestSupport
import Testing

@testable import PodNetwork

@Suite struct LedgerLogTests {
    private let header = LedgerLogFormat.Header(boot: "boot-1", node: "4:4026531840")

    private func text(_ directory: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: directory + "/addresses.log"))
    }

    @Test func aRestartFindsWhatWasReserved() async throws {
        try await withTemporaryDirectory { directory in
            var before: [Reservation] = []
            do {
                var ledger = try DurableLedger(in: directory, header: header)
                ledger.record([.pools([try prefix("10.0.0.0/24"), try prefix("fd00::/64")])])
                for index in 0..<20 {
                    let mapping = PortMapping(transport: .udp, hostPort: UInt16(1000 + index), containerPort: 53)
                    _ = try ledger.reserve(request("c\(index)", ports: [mapping]))
                    if index % 2 == 0 { ledger.record([.attached(key("c\(index)"))]) }
                    if index % 3 == 0 { ledger.record([.releasing(key("c\(index)"))]) }
                    if index % 5 == 0 { ledger.record([.freed(key("c\(index)"))]) }
                }
                before = ledger.ledger.all
            }
            var after = try DurableLedger(in: directory, header: header)
            #expect(after.ledger.all == before)
            #expect(before.count == 16)
            // The search goes on where it was.
            #expect(try after.reserve(request("next")).addresses[0] == (try address("10.0.0.22")))
        }
    }

    @Test func aLogOfAnotherBootKeepsOnlyThePools() async throws {
        try await withTemporaryDirectory { directory in
            do {
                var ledger = try DurableLedger(in: directory, header: header)
                ledger.record([.pools([try prefix("10.0.0.0/24")])])
                _ = try ledger.reserve(request("a"))
            }
            let later = try DurableLedger(in: directory, header: .init(boot: "boot-2", node: header.node))
            #expect(later.ledger.count == 0)
            #expect(later.ledger.pools.map(\.prefix) == [try prefix("10.0.0.0/24")])
        }
    }

    @Test func theFileStaysShort() async throws {
        try await withTemporaryDirectory { directory in
            var ledger = try DurableLedger(in: directory, header: header)
            ledger.record([.pools([try prefix("10.0.0.0/24")])])
            for _ in 0..<5000 {
                _ = try ledger.reserve(request("a"))
                ledger.record([.attached(key("a")), .releasing(key("a")), .freed(key("a"))])
            }
            #expect(try text(directory).count < 1 << 20)
        }
    }

    @Test(arguments: [11, 12, 13])
    func damageNeverTrapsAndKeepsTheLinesBeforeIt(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let events: [LedgerEvent] = [.pools([try prefix("10.0.0.0/24")])] + (0..<30).map { .freed(key("c\($0)")) }
        let whole = LedgerLogFormat.line(header.json) + events.flatMap { LedgerLogFormat.line($0.json) }
        for _ in 0..<2000 {
            var bytes = whole
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes.removeSubrange(place...)
            default:
                bytes.replaceSubrange(place..., with: (0..<50).map { _ in UInt8.random(in: 0...255, using: &random) })
            }
            let content = LedgerLogFormat.read(bytes)
            #expect(content.events == Array(events.prefix(content.events.count)))
            #expect(content.validBytes <= place + 1 || content.events.count == events.count)
        }
    }

    @Test func aFullDiskRefusesReservationsAndLetsReleasesThrough() async throws {
        try await withTemporaryDirectory { directory in
            var ledger = try DurableLedger(in: directory, header: header)
            ledger.record([.pools([try prefix("10.0.0.0/24")])])
            _ = try ledger.reserve(request("a"))
            let limited = rlimit(rlim_cur: rlim_t(try text(directory).count + 10), rlim_max: .max)
            try withFileSizeLimit(limited) {
                #expect(throws: DurableLedger.ReserveFailure.self) { try ledger.reserve(request("b")) }
                #expect(ledger.ledger.count == 1)
                ledger.record([.freed(key("a"))])
            }
            #expect(ledger.ledger.count == 0)
            #expect(ledger.unwritten != nil)
            _ = try ledger.reserve(request("c"))
            ledger.record([.attached(key("c"))])
            #expect(ledger.unwritten == nil)
            let after = try DurableLedger(in: directory, header: header)
            #expect(after.ledger.all.map(\.key) == [key("c")])
        }
    }

    /// A small RLIMIT_FSIZE makes writes fail as a full disk does.
    private func withFileSizeLimit(_ limit: rlimit, _ body: () throws -> Void) throws {
        var old = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
        signal(SIGXFSZ, SIG_IGN)
        var limit = limit
        limit.rlim_max = old.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old) }
        try body()
    }
}
