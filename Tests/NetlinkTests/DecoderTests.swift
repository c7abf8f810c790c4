import Foundation
import NetTypes
import TestSupport
import Testing
import WireCodec

@testable import Netlink

/// What the kernel sends is believed in content, never in form.
struct DecoderTests {
    static func decodeEverything(_ bytes: [UInt8]) {
        var datagram = WireReader(bytes)
        var routes = RouteNoticeDecoder()
        var rulesets = RulesetNoticeDecoder()
        while let message = try? NetlinkMessage.next(from: &datagram) {
            _ = try? Acknowledgement(error: message)
            _ = try? Acknowledgement(done: message)
            _ = try? routes.take(message)
            _ = try? rulesets.take(message)
            _ = try? Flow(decoding: message)
            _ = try? TableListing(decoding: message)
            _ = try? ChainListing(decoding: message)
            _ = try? RuleListing(decoding: message)
            _ = try? SetListing(decoding: message)
            _ = try? ElementsOfMessage(decoding: message)
        }
    }

    private static let types: [UInt16] = [2, 3, 16, 17, 20, 21, 24, 25, 28, 29, 0x100] + (0..<20).map { 0xa00 | $0 }

    private static func framed(_ body: [UInt8], type: UInt16) -> [UInt8] {
        var writer = WireWriter()
        writer.host(UInt32(16 + body.count))
        writer.host(type)
        writer.host(UInt16(0x300))
        writer.host(UInt64(0))
        writer.raw(body)
        return writer.bytes
    }

    @Test func noBytesMakeADecoderTrap() {
        var generator = SeededGenerator(seed: 17)
        for _ in 0..<20_000 {
            let body = (0..<Int.random(in: 0..<96, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator) & (Bool.random(using: &generator) ? 0x0f : 0xff)
            }
            let type = Self.types.randomElement(using: &generator) ?? 0
            Self.decodeEverything(Self.framed(body, type: type))
            Self.decodeEverything(body)
        }
    }

    @Test func noMutationOfARealMessageMakesADecoderTrap() throws {
        var generator = SeededGenerator(seed: 18)
        let link = NewLink("fw0", .vxlan(VXLAN(identifier: 1, port: 4789, local: .v4(10, 0, 0, 1))), mtu: 1450)
        let prefix = try #require(IPPrefix("fd00::/64"))
        let route = Route(to: prefix, via: IPAddress("fe80::1"), link: 3, table: 500, mtu: 1400)
        let mac = try #require(MACAddress("02:00:00:00:00:01"))
        let requests: [RouteRequest] = [
            .createLink(link), .replaceRoute(route),
            .addAddress(InterfaceAddress(.v4(10, 0, 0, 1), prefixLength: 24, link: 3)),
            .replaceNeighbour(.tunnel(to: mac, at: .v4(10, 0, 0, 2), link: 3)),
        ]
        var corpus = try requests.map { try Self.message($0.built.get()) }
        var batch = NftablesBatch()
        let table = TableName(.ipv4, "t")
        batch.addTable(table, comment: "hello")
        batch.addChain(Chain(table, "c", hook: .init(.nat, .prerouting, priority: -100)))
        batch.addSet(NamedSet(table, "s", key: [.ipv4Address, .port], data: .verdict, comment: "x"))
        batch.addElements(
            [SetElement(RegisterBytes(number: 1).with(number: 2), .verdict(.goto("c")), timeout: 9, comment: "y")],
            to: "s", in: table)
        batch.addRule([.verdict(.accept), .counter], to: "c", in: table, comment: "z")
        corpus.append(batch.numbered(from: 1, generation: 7))
        for original in corpus {
            Self.decodeEverything(original)
            for _ in 0..<4000 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                Self.decodeEverything(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
                Self.decodeEverything(bytes)
            }
        }
    }

    private static func message(_ request: NetlinkRequest) -> [UInt8] {
        var writer = WireWriter()
        request.write(to: &writer, flags: [], sequence: 1)
        return writer.bytes
    }

    @Test func whatIsWrittenIsRead() throws {
        let prefix = try #require(IPPrefix("10.9.0.0/16"))
        let route = Route(
            to: prefix, via: .v4(10, 0, 0, 1), link: 3, table: 500, metric: 7, isOnLink: true, source: .v4(10, 0, 0, 2),
            mtu: 1400, advertisedMSS: 1300)
        let address = InterfaceAddress(
            .v4(10, 0, 0, 1), prefixLength: 32, link: 3, scope: .link, peer: IPAddress.v4(10, 0, 0, 2))
        let neighbour = Neighbour.permanent(
            .v4(10, 0, 0, 9), at: try #require(MACAddress("02:00:00:00:00:01")), link: 3)
        func read<Value>(
            _ request: RouteRequest, _ decode: (NetlinkMessage) throws(WireError) -> Value?
        ) throws -> Value? {
            var reader = WireReader(Self.message(try request.built.get()))
            return try NetlinkMessage.next(from: &reader).flatMap { try decode($0) }
        }
        #expect(try read(.addRoute(route), Route.init(decoding:)) == route)
        #expect(try read(.addAddress(address), InterfaceAddress.init(decoding:)) == address)
        #expect(try read(.replaceNeighbour(neighbour), Neighbour.init(decoding:)) == neighbour)
        let vxlan = VXLAN(identifier: 1, port: 4789, local: IPAddress("fd00::1"), underlay: 2, learns: true)
        let link = try read(.createLink(NewLink("fw0", .vxlan(vxlan), mtu: 1430)), Link.init(decoding:))
        #expect(link?.vxlan == vxlan && link?.name == "fw0" && link?.mtu == 1430)
    }

    @Test func registersPadEveryField() {
        let key = RegisterBytes(IPAddress.v4(10, 0, 0, 1)).with(protocol: 6).with(port: 0x1f90).with(number: 5)
        #expect(key.bytes == [10, 0, 0, 1, 6, 0, 0, 0, 0x1f, 0x90, 0, 0] + RuleExpression.hostBytes(5))
        #expect(key == RegisterBytes(bytes: key.bytes))
        #expect(key.number(atByte: 12) == 5 && key.number(atByte: 16) == nil)
        #expect(RegisterBytes(bytes: [1, 2, 3, 4, 5])?.bytes == [1, 2, 3, 4, 5, 0, 0, 0])
        #expect(RegisterBytes(bytes: [UInt8](repeating: 1, count: 65)) == nil)
        #expect(key.hashValue != key.with(number: 0).hashValue)
    }

    @Test func aLongCommentIsCutBetweenCharacters() throws {
        var batch = NftablesBatch()
        let table = TableName(.ipv4, "t")
        batch.addTable(table, comment: String(repeating: "ä", count: 200))
        var reader = WireReader(Array(batch.numbered(from: 1, generation: nil)))
        _ = try NetlinkMessage.next(from: &reader)
        let message = try #require(try NetlinkMessage.next(from: &reader))
        #expect(try TableListing(decoding: message)?.comment == String(repeating: "ä", count: 120))
    }
}
