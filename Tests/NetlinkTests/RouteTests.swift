import Foundation
import NetTypes
import Netlink
import TestSupport
import Testing

@Suite(.enabled(if: NetworkAbility.isWanted && Tool.ip.isWanted, "needs root and ip(8)"))
struct RouteTests {
    @Test func aVethPairSpansTwoNamespacesAndCarriesWhatWasAsked() async throws {
        try await Scratch.with { host in
            try await Scratch.with { pod in
                let route = try RouteSocket(in: host.namespace)
                let mac = try #require(MACAddress("02:00:00:00:00:01"))
                try route.perform(
                    .createLink(
                        NewLink(
                            "fw0", .veth(peer: .init("eth0", in: pod.namespace, mtu: 1400, mac: mac)), mtu: 1400,
                            group: 7)))
                try route.perform(
                    .changeLink(
                        .named("fw0"),
                        LinkChange(isUp: true, ipv4Settings: [.proxyARP: 1, .forwarding: 1, .routeLocalnet: 1])))
                let inside = try RouteSocket(in: pod.namespace)
                try inside.perform(.changeLink(.named("eth0"), .up))

                let seen = try #require(try await host.ip("link show fw0").first)
                #expect(seen["mtu"] as? Int == 1400)
                #expect((seen["linkinfo"] as? [String: Any])?["info_kind"] as? String == "veth")
                #expect(try await pod.ip("link show eth0").first?["address"] as? String == "02:00:00:00:00:01")
                let settings = try await host.namespace.run {
                    try ["proxy_arp", "forwarding", "route_localnet"].map { try Sysctl.read("net/ipv4/conf/fw0/\($0)") }
                }
                #expect(settings == ["1", "1", "1"])

                let link = try route.link(.named("fw0"))
                #expect(link.kind == "veth" && link.mtu == 1400 && link.group == 7 && link.isUp)
                let peer = try inside.link(.named("eth0"))
                #expect(peer.mac == mac && peer.index == link.lower)
                #expect(try route.links().map(\.name).sorted() == ["fw0", "lo"])

                try route.perform(.deleteLinks(group: 7))
                #expect(try route.links().map(\.name) == ["lo"])
                #expect(throws: KernelError.self) { try route.link(.named("fw0")) }
            }
        }
    }

    @Test func anErrorNamesTheObjectAndSaysTheKernelsWords() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
            let twice = #expect(throws: KernelError.self) {
                try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw2")))))
            }
            #expect(twice?.isAlreadyThere == true)
            #expect(twice?.description.hasPrefix("could not create link fw0: File exists") == true)
            let gone = #expect(throws: KernelError.self) { try route.perform(.deleteLink(.named("nope"))) }
            #expect(gone?.isNotFound == true)
            let far = try #require(IPPrefix("10.9.0.0/16"))
            let gateway = #expect(throws: KernelError.self) {
                try route.perform(.addRoute(Route(to: far, via: IPAddress("10.1.1.1"), link: 1)))
            }
            #expect(gateway?.detail?.isEmpty == false, "\(String(describing: gateway))")
        }
    }

    @Test func requestsSentTogetherFailEachForItself() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            let answers = try route.performAll([
                .createLink(NewLink("fw0", .veth(peer: .init("fw1")))),
                .deleteLink(.named("nope")),
                .changeLink(.named("fw0"), .up),
            ])
            #expect(answers.map { $0 == nil } == [true, false, true])
            #expect(answers[1]?.operation == "delete link nope")
        }
    }

    @Test func linksAreRenamedMovedAndEnslaved() async throws {
        try await Scratch.with { scratch in
            try await Scratch.with { other in
                let route = try RouteSocket(in: scratch.namespace)
                try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
                try route.perform(.createLink(NewLink("sw", .bridge)))
                let bridge = try route.link(.named("sw")).index
                try route.perform(.changeLink(.named("fw0"), LinkChange(isUp: true, master: bridge)))
                try route.perform(.changeLink(.named("fw0"), LinkChange(hairpin: true)))
                #expect(try route.link(.named("fw0")).master == bridge)
                let port = try await scratch.ip("link show fw0").first?["linkinfo"] as? [String: Any]
                #expect((port?["info_slave_data"] as? [String: Any])?["hairpin"] as? Bool == true)

                let index = try route.link(.named("fw1")).index
                try route.perform(.changeLink(.index(index), LinkChange(name: "eth7", alias: "pod default/web")))
                #expect(try await scratch.ip("link show eth7").first?["ifalias"] as? String == "pod default/web")
                #expect(try route.link(.index(index)).alias == "pod default/web")
                try route.perform(.changeLink(.index(index), LinkChange(namespace: other.namespace)))
                #expect(try RouteSocket(in: other.namespace).links().map(\.name).contains("eth7"))
            }
        }
    }

    @Test func addressesOfBothFamiliesAreUsableAtOnce() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
            let link = try route.link(.named("fw0")).index
            let four = InterfaceAddress(.v4(10, 1, 2, 3), prefixLength: 32, link: link)
            let six = InterfaceAddress(try #require(IPAddress("fd00::3")), prefixLength: 128, link: link)
            try route.perform(.addAddress(four))
            try route.perform(.addAddress(six))
            try route.perform(.replaceAddress(six))
            #expect(throws: KernelError.self) { try route.perform(.addAddress(four)) }
            let seen = try #require(try await scratch.ip("addr show fw0").first?["addr_info"] as? [[String: Any]])
            #expect(seen.compactMap { $0["local"] as? String } == ["10.1.2.3", "fd00::3"])
            #expect(seen.allSatisfy { $0["tentative"] == nil })
            let listed = try route.addresses(on: link)
            #expect(listed.map(\.address.description) == ["10.1.2.3", "fd00::3"])
            #expect(listed.map(\.prefixLength) == [32, 128])
            try route.perform(.deleteAddress(four))
            #expect(try route.addresses(on: link).map(\.address.description) == ["fd00::3"])
        }
    }

    @Test func routesOfBothFamiliesAreSetListedAndDeleted() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            try route.perform(.createLink(NewLink("fw0", .veth(peer: .init("fw1")))))
            for end in ["fw0", "fw1"] { try route.perform(.changeLink(.named(end), .up)) }
            let link = try route.link(.named("fw0")).index
            let all = [
                Route(
                    to: try #require(IPPrefix("10.1.0.0/24")), link: link, metric: 20, mtu: 1400, advertisedMSS: 1360),
                Route(
                    to: try #require(IPPrefix("10.2.0.0/24")), via: .v4(10, 1, 0, 9), link: link, table: 1000,
                    isOnLink: true),
                Route(to: try #require(IPPrefix("10.3.0.0/24")), kind: .unreachable),
                Route(to: try #require(IPPrefix("fd00:1::/64")), link: link, metric: 1024),
                Route(
                    to: try #require(IPPrefix("fd00:2::/64")), via: IPAddress("fd00:1::9"), link: link, metric: 1024,
                    isOnLink: true, mtu: 1380),
            ]
            for one in all { try route.perform(.addRoute(one)) }
            for one in all { try route.perform(.replaceRoute(one)) }
            let mine =
                try route.routes(family: .v4, protocol: .fairway) + route.routes(family: .v6, protocol: .fairway)
            #expect(Set(mine) == Set(all))
            #expect(try route.routes(family: .v4, table: 1000) == [all[1]])
            let seen = try await scratch.ip("-4 route show table all proto 102")
            #expect(seen.compactMap { $0["dst"] as? String } == ["10.2.0.0/24", "10.1.0.0/24", "10.3.0.0/24"])
            #expect(try route.route(to: .v4(10, 1, 0, 7)).link == link)
            for one in all { try route.perform(.deleteRoute(one)) }
            #expect(try route.routes(family: .v4, protocol: .fairway).isEmpty)
            #expect(try route.routes(family: .v6, protocol: .fairway).isEmpty)
            let again = #expect(throws: KernelError.self) { try route.perform(.deleteRoute(all[0])) }
            #expect(again?.isNotFound == true)
        }
    }

    @Test func aTunnelDeviceHasNeighboursAndForwardingEntries() async throws {
        try await Scratch.with { scratch in
            let route = try RouteSocket(in: scratch.namespace)
            let vxlan = VXLAN(identifier: 77, port: 8472, local: .v4(127, 0, 0, 1))
            try route.perform(.createLink(NewLink("fwx", .vxlan(vxlan), mtu: 1450)))
            try route.perform(.changeLink(.named("fwx"), .up))
            let link = try route.link(.named("fwx"))
            #expect(link.vxlan == vxlan)
            let mac = try #require(MACAddress("02:00:00:00:00:99"))
            let neighbour = Neighbour.permanent(.v4(10, 2, 0, 0), at: mac, link: link.index)
            let tunnel = Neighbour.tunnel(to: mac, at: .v4(192, 0, 2, 7), link: link.index)
            let proxy = Neighbour.proxy(try #require(IPAddress("fe80::1")), link: link.index)
            for entry in [neighbour, tunnel, proxy] { try route.perform(.replaceNeighbour(entry)) }
            #expect(try route.neighbours(.v4, on: link.index) == [neighbour])
            #expect(try route.neighbours(.forwarding, on: link.index).map(\.address) == [.v4(192, 0, 2, 7)])
            #expect(try route.proxyNeighbours(.v6).map(\.address) == [proxy.address])
            #expect(try await scratch.ip("neigh show dev fwx").first?["lladdr"] as? String == "02:00:00:00:00:99")
            for entry in [neighbour, tunnel, proxy] { try route.perform(.deleteNeighbour(entry)) }
            #expect(try route.neighbours(.v4, on: link.index).isEmpty)
            #expect(try route.neighbours(.forwarding, on: link.index).isEmpty)
        }
    }
}
