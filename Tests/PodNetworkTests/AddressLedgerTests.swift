import NetTypes
import TestSupport
import Testing

@testable import PodNetwork

@Suite struct AddressLedgerTests {
    @Test func aPodGetsOneAddressOfEachFamily() throws {
        var ledger = AddressLedger(pools: [try prefix("10.244.1.0/24"), try prefix("fd00:1::/64")])
        let first = try ledger.reserve(request("a"))
        #expect(first.addresses.map(\.description) == ["10.244.1.2", "fd00:1::2"])
        #expect(try ledger.reserve(request("b")).addresses.map(\.description) == ["10.244.1.3", "fd00:1::3"])
    }

    @Test func networkGatewayAndBroadcastAddressesAreNeverGiven() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/29")])
        var given: [String] = []
        for index in 0..<5 { given += try ledger.reserve(request("c\(index)")).addresses.map(\.description) }
        #expect(given == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"])
        #expect(throws: ReservationRefusal.exhausted(try prefix("10.0.0.0/29"), held: 5, waiting: 0)) {
            try ledger.reserve(request("more"))
        }
        ledger.apply(.freed(key("c1")))
        for text in ["10.0.0.0", "10.0.0.1", "10.0.0.7"] {
            #expect(throws: ReservationRefusal.notForPods(try address(text), try prefix("10.0.0.0/29"))) {
                try ledger.reserve(request("wanted", addresses: [try address(text)]))
            }
        }
    }

    @Test(arguments: [("10.0.0.8/32", 1), ("10.0.0.8/31", 2), ("10.0.0.8/30", 1), ("fd00::/128", 1), ("fd00::/126", 2)])
    func tinyPoolsAreUsedUpToTheirLastAddress(_ pool: String, _ count: Int) throws {
        var ledger = AddressLedger(pools: [try prefix(pool)])
        for index in 0..<count { _ = try ledger.reserve(request("c\(index)")) }
        #expect(throws: ReservationRefusal.self) { try ledger.reserve(request("more")) }
    }

    @Test func aFreedAddressComesBackLast() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/29")])
        let first = try ledger.reserve(request("a")).addresses
        ledger.apply(.freed(key("a")))
        for index in 0..<4 { #expect(try ledger.reserve(request("c\(index)")).addresses != first) }
        #expect(try ledger.reserve(request("last")).addresses == first)
    }

    @Test func anAddressIsNobodyElsesUntilItsLinkIsGone() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.8/32")])
        _ = try ledger.reserve(request("a"))
        ledger.apply(.attached(key("a")))
        ledger.apply(.releasing(key("a")))
        #expect(throws: ReservationRefusal.exhausted(try prefix("10.0.0.8/32"), held: 1, waiting: 1)) {
            try ledger.reserve(request("b"))
        }
        ledger.apply(.freed(key("a")))
        #expect(try ledger.reserve(request("b")).addresses == [try address("10.0.0.8")])
    }

    @Test func wantedAddressesAreGivenOrRefusedWithTheReason() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/24"), try prefix("fd00::/64")])
        let wanted = try address("10.0.0.77")
        #expect(try ledger.reserve(request("a", addresses: [wanted])).addresses == [wanted, try address("fd00::2")])
        #expect(throws: ReservationRefusal.addressTaken(wanted, by: key("a"), state: .reserved)) {
            try ledger.reserve(request("b", addresses: [wanted]))
        }
        #expect(throws: ReservationRefusal.self) {
            try ledger.reserve(request("b", addresses: [try address("192.0.2.1")]))
        }
        #expect(throws: ReservationRefusal.self) {
            try ledger.reserve(request("b", addresses: [try address("10.0.0.5"), try address("10.0.0.6")]))
        }
        #expect(ledger.count == 1)
    }

    @Test func aFamilyThatIsFullDoesNotCostTheOtherOne() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/24"), try prefix("fd00::1/128")])
        _ = try ledger.reserve(request("a"))
        let before = ledger.pools
        #expect(throws: ReservationRefusal.self) { try ledger.reserve(request("b")) }
        #expect(ledger.pools == before)
        #expect(ledger.count == 1)
    }

    @Test func newPodCIDRsLeaveOldReservationsAlone() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/24")])
        let old = try ledger.reserve(request("a")).addresses
        ledger.apply(.pools([try prefix("10.9.0.0/24")]))
        #expect(ledger[key("a")]?.addresses == old)
        #expect(try ledger.reserve(request("b")).addresses == [try address("10.9.0.2")])
        ledger.apply(.freed(key("a")))
        #expect(ledger.holder(of: old[0]) == nil)
    }

    @Test func hostPortsAreTakenOnceAndFreeWithTheRelease() throws {
        var ledger = AddressLedger(pools: [try prefix("10.0.0.0/24")])
        let any = PortMapping(transport: .tcp, hostPort: 80, containerPort: 8080)
        let one = PortMapping(transport: .tcp, hostPort: 80, containerPort: 1, hostAddress: try address("192.0.2.1"))
        let two = PortMapping(transport: .tcp, hostPort: 80, containerPort: 1, hostAddress: try address("192.0.2.2"))
        _ = try ledger.reserve(request("one", ports: [one]))
        _ = try ledger.reserve(request("two", ports: [two]))
        #expect(throws: ReservationRefusal.self) { try ledger.reserve(request("any", ports: [any])) }
        _ = try ledger.reserve(request("udp", ports: [PortMapping(transport: .udp, hostPort: 80, containerPort: 1)]))
        ledger.apply(.releasing(key("one")))
        ledger.apply(.releasing(key("two")))
        _ = try ledger.reserve(request("any", ports: [any]))
    }

    @Test func offsetsAndAddressesOfAPrefixAreEachOthersInverse() throws {
        for text in ["10.244.0.0/16", "192.168.5.128/25", "fd00:10:244::/56", "fd00::/64", "2001:db8::/120"] {
            let prefix = try prefix(text)
            for offset in [UInt64(0), 1, 77, 127] {
                let address = try #require(prefix.address(at: offset))
                #expect(prefix.contains(address))
                #expect(prefix.offset(of: address) == offset)
            }
        }
        #expect(try prefix("10.0.0.0/30").address(at: 4) == nil)
    }
}
