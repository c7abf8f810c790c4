import KubernetesModel
import NetTypes
import Netlink
import TestSupport
import Testing

@testable import PodNetwork

@Suite(.enabled(if: NetworkAbility.isWanted)) struct AttachTests {
    @Test func podsReachTheNodeAndEachOtherAndTheNodeReachesThem() async throws {
        try await TestNode.with { node in
            let (a, b) = (try node.makePod("a"), try node.makePod("b"))
            let (podA, podB) = (try await node.add("a"), try await node.add("b"))
            for family in IPAddress.Family.both {
                let serverB = try Traffic.Server(in: b, family)
                let addressA = "\(try podA.address(family))"
                // As soon as ADD has answered, without any waiting for ARP, NDP or duplicate address detection.
                #expect(try Traffic.ask(podB.address(family), serverB.port, from: a) == addressA)
                #expect(try Traffic.ask(podB.address(family), serverB.port, from: node.namespace) != nil)
                let serverNode = try Traffic.Server(in: node.namespace, family)
                let nodeAddress = try address(family == .v4 ? "192.0.2.1" : "2001:db8::1")
                #expect(try Traffic.ask(nodeAddress, serverNode.port, from: a) == addressA)
                #expect(try Traffic.ask(podA.address(family), try Traffic.Server(in: a, family).port, from: a) == nil)
            }
        }
    }

    @Test(arguments: CNIVersion.allCases)
    func theResultHasTheShapeOfItsVersion(_ version: CNIVersion) async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            let result = try await node.add(
                "a", configuration: ["dns": ["nameservers": ["10.96.0.10"]]], version: version.rawValue
            ).result
            #expect(result["cniVersion"]?.string == version.rawValue)
            let interfaces = try #require(result["interfaces"]?.array)
            #expect(interfaces.map { $0["name"]?.string } == [PodLink(key("a")).hostName, "eth0"])
            #expect(interfaces[1]["sandbox"]?.string == node.path("a"))
            #expect(interfaces[0]["sandbox"] == nil)
            #expect((interfaces[1]["mtu"] != nil) == (version >= .v110))
            let ips = try #require(result["ips"]?.array)
            #expect(ips.map { $0["address"]?.string } == ["10.244.7.2/32", "fd00:244:7::2/128"])
            #expect(ips.map { $0["gateway"]?.string } == ["169.254.1.1", "fe80::1"])
            #expect(ips.map { $0["interface"]?.integer } == [1, 1])
            #expect(ips.map { $0["version"]?.string } == (version < .v100 ? ["4", "6"] : [nil, nil]))
            #expect(result["routes"]?.array?.map { $0["dst"]?.string } == ["0.0.0.0/0", "::/0"])
            #expect(result[path: "dns", "nameservers"]?.array == ["10.96.0.10"])
            if version >= .v040 {
                #expect(
                    try await node.code("CHECK", "a", configuration: ["prevResult": result], version: version.rawValue)
                        == 0)
            }
            #expect(try await node.code("DEL", "a", version: version.rawValue) == 0)
            try await node.expectEmpty()
        }
    }

    @Test func anInterfaceThatIsThereMakesAddFailAndLeavesNothing() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            try RouteSocket(in: pod).perform(.createLink(NewLink("eth0", .veth(peer: .init("other")))))
            #expect(try await node.code("ADD", "a") == CNIError.Code.interfaceExists.rawValue)
            try await node.expectEmpty()
            // What was there before is still there.
            #expect(try RouteSocket(in: pod).link(.named("eth0")).kind == "veth")
        }
    }

    @Test func aSecondAddOfTheSameContainerFailsAndTheFirstGoesOn() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            let added = try await node.add("a")
            #expect(try await node.code("ADD", "a") == CNIError.Code.interfaceExists.rawValue)
            let server = try Traffic.Server(in: pod, .v4)
            #expect(try Traffic.ask(added.address(.v4), server.port, from: node.namespace) != nil)
        }
    }

    @Test func aContainerMayHaveSeveralInterfaces() async throws {
        try await TestNode.with(pools: ["10.244.7.0/24"]) { node in
            _ = try node.makePod("a")
            try await node.add("a")
            // A second default route in the pod would collide with the first.
            let answer = await node.call("ADD", "a", interface: "net1")
            #expect(answer.exitCode == 1)
            #expect(node.agent.addresses().map(\.key.interface) == ["eth0"])
            #expect(try node.podLinks() == [PodLink(key("a")).hostName])
        }
    }

    @Test func deleteSucceedsAsOftenAsItIsAsked() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            #expect(try await node.code("DEL", "never-added") == 0)
            try await node.add("a")
            for _ in 0..<3 { #expect(try await node.code("DEL", "a") == 0) }
            try await node.expectEmpty()
        }
    }

    @Test func deleteNeedsNoNamespace() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            try await node.add("a")
            try node.removePod("a")
            #expect(try await node.code("DEL", "a", path: "") == 0)
            try await node.expectEmpty()
        }
    }

    @Test func aPathThatMeansAnotherNamespaceByNowIsNotTouched() async throws {
        try await TestNode.with { node in
            _ = try node.makePod("a")
            let added = try await node.add("a")
            let other = try node.makePod("b")
            try await node.add("b")
            // The runtime mixes up the paths, as after a reboot.
            #expect(try await node.code("DEL", "a", path: node.path("b")) == 0)
            #expect(try RouteSocket(in: other).link(.named("eth0")).isUp)
            #expect(
                try await node.code("CHECK", "b", configuration: ["prevResult": added.result], path: node.path("a"))
                    == CNIError.Code.checkFailed.rawValue)
        }
    }

    @Test func theNodesOwnNamespaceAndNoNamespaceAreRefused() async throws {
        try await TestNode.with { node in
            let own = TestNode.folder.path(of: node.name)
            #expect(try await node.code("ADD", "a", path: own) == CNIError.Code.invalidEnvironment.rawValue)
            #expect(try await node.code("ADD", "a", path: "/nowhere") == CNIError.Code.unknownContainer.rawValue)
            #expect(try await node.code("ADD", "a", path: "/etc/hostname") == CNIError.Code.unknownContainer.rawValue)
            #expect(try await node.code("ADD", "a", path: "relative") == CNIError.Code.invalidEnvironment.rawValue)
            try await node.expectEmpty()
        }
    }

    @Test func wantedAddressMACAndMTUAreHonoured() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            let added = try await node.add(
                "a",
                configuration: [
                    "mtu": 1400, "runtimeConfig": ["ips": ["10.244.7.99/24"], "mac": "02:11:22:33:44:55"],
                ])
            #expect(added.addresses.map(\.description) == ["10.244.7.99", "fd00:244:7::2"])
            let link = try RouteSocket(in: pod).link(.named("eth0"))
            #expect(link.mtu == 1400)
            #expect(link.mac?.description == "02:11:22:33:44:55")
            #expect(try await node.add("b", wanting: "10.244.7.50").addresses[0].description == "10.244.7.50")
            #expect(try await node.code("ADD", "c", configuration: ["runtimeConfig": ["ips": ["10.244.7.99"]]]) != 0)
        }
    }

    @Test func theAddressesOfPrevResultAreKeptInFrontOfOurs() async throws {
        try await TestNode.with(pools: ["10.244.7.0/24"]) { node in
            _ = try node.makePod("a")
            let previous: JSONValue = [
                "cniVersion": "1.0.0", "interfaces": [["name": "dummy0", "sandbox": .string(node.path("a"))]],
                "ips": [["address": "198.51.100.4/24", "interface": 0]], "routes": [["dst": "198.51.100.0/24"]],
            ]
            let result = try await node.add("a", configuration: ["prevResult": previous], version: "1.0.0").result
            #expect(result["interfaces"]?.array?.map { $0["name"]?.string }.first == "dummy0")
            #expect(result["ips"]?.array?.map { $0["interface"]?.integer } == [0, 2])
            #expect(result["routes"]?.array?.count == 2)
        }
    }

    @Test func checkSeesWhatIsMissing() async throws {
        try await TestNode.with { node in
            let pod = try node.makePod("a")
            let added = try await node.add("a")
            let configuration: JSONValue = ["prevResult": added.result]
            #expect(try await node.code("CHECK", "a", configuration: configuration) == 0)
            #expect(try await node.code("CHECK", "a") == CNIError.Code.invalidConfiguration.rawValue)
            let inside = try RouteSocket(in: pod)
            let index = try inside.link(.named("eth0")).index
            try inside.perform(.deleteAddress(InterfaceAddress(try added.address(.v6), prefixLength: 128, link: index)))
            #expect(
                try await node.code("CHECK", "a", configuration: configuration) == CNIError.Code.checkFailed.rawValue)
            #expect(try await node.code("DEL", "a") == 0)
            #expect(
                try await node.code("CHECK", "a", configuration: configuration) == CNIError.Code.checkFailed.rawValue)
        }
    }

    @Test func statusFollowsWhetherPodsCanBeTaken() async throws {
        try await TestNode.with(pools: []) { node in
            #expect(try await node.code("STATUS", "") == CNIError.Code.notAvailable.rawValue)
            _ = try node.makePod("a")
            #expect(try await node.code("ADD", "a") == CNIError.Code.tryAgainLater.rawValue)
            node.agent.setPools([try prefix("10.1.0.0/24")])
            #expect(try await node.code("STATUS", "") == 0)
            node.agent.setObstacle("the Services are not programmed yet", subject: "services")
            #expect(try await node.code("STATUS", "") == CNIError.Code.notAvailable.rawValue)
            node.agent.setObstacle(nil, subject: "services")
            #expect(try await node.code("ADD", "a") == 0)
        }
    }
}

extension TestNode {
    fileprivate func add(_ pod: String, wanting address: String) async throws -> AddedPod {
        _ = try makePod(pod)
        return try await add(pod, arguments: "IgnoreUnknown=1;IP=\(address)")
    }
}
