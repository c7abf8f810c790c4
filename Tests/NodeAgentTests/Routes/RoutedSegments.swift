import Foundation
import NetTypes
import Netlink
import TestSupport

/// Three nodes: `a` and `b` on one link, `c` behind a router; each with one pod of both families. Real namespaces, real packets.
struct RoutedSegments {
    struct Place {
        var name: String
        var node: NetworkNamespace
        var pod: NetworkNamespace
        var address: IPAddress
        var ranges: [IPPrefix]
        var podAddresses: [IPAddress]
    }

    private(set) var places: [Place] = []
    private var names: [String] = []
    private let folder = NamedNamespaces.system
    private let mark = String(UInt32.random(in: 0 ... .max), radix: 36)

    static func with<Value>(_ body: (RoutedSegments) async throws -> Value) async throws -> Value {
        var segments = RoutedSegments()
        defer { segments.remove() }
        try segments.build()
        return try await body(segments)
    }

    private func remove() {
        for name in names { try? folder.remove(name) }
    }

    private mutating func namespace(_ name: String) throws -> NetworkNamespace {
        let full = "fwr-\(mark)-\(name)"
        let namespace = try folder.create(full)
        names.append(full)
        try RouteSocket(in: namespace).perform(.changeLink(.named("lo"), .up))
        try namespace.run {
            try Sysctl.write("1", to: "net/ipv4/ip_forward")
            try Sysctl.write("1", to: "net/ipv6/conf/all/forwarding")
        }
        return namespace
    }

    private mutating func build() throws {
        let router = try namespace("router")
        let wires = try RouteSocket(in: router)
        try wires.perform(.createLink(NewLink("sw", .bridge)))
        try wires.perform(.changeLink(.named("sw"), .up))
        let bridge = try wires.link(.named("sw")).index
        try wires.perform(.addAddress(InterfaceAddress(.v4(192, 168, 7, 254), prefixLength: 24, link: bridge)))
        for (number, name) in ["a", "b", "c"].enumerated() {
            let node = try namespace(name)
            let segment: UInt8 = name == "c" ? 8 : 7
            let address = IPAddress.v4(192, 168, segment, UInt8(number + 1))
            try wires.perform(.createLink(NewLink("to-\(name)", .veth(peer: .init("eth0", in: node)))))
            try wires.perform(
                .changeLink(.named("to-\(name)"), LinkChange(isUp: true, master: name == "c" ? nil : bridge)))
            if name == "c" {
                let link = try wires.link(.named("to-c")).index
                try wires.perform(.addAddress(InterfaceAddress(.v4(192, 168, 8, 254), prefixLength: 24, link: link)))
            }
            try connect(name, node, number: UInt8(number + 1), address: address, gateway: .v4(192, 168, segment, 254))
        }
    }

    private mutating func connect(
        _ name: String, _ node: NetworkNamespace, number: UInt8, address: IPAddress, gateway: IPAddress
    ) throws {
        let route = try RouteSocket(in: node)
        let uplink = try route.link(.named("eth0")).index
        try route.perform(.changeLink(.index(uplink), .up))
        try route.perform(.addAddress(InterfaceAddress(address, prefixLength: 24, link: uplink)))
        let all = try [prefix("0.0.0.0/0"), prefix("::/0")]
        try route.perform(.addRoute(Route(to: all[0], via: gateway, link: uplink, protocol: .boot)))
        let ranges = try [prefix("10.244.\(number).0/24"), prefix("fd00:\(number)::/64")]
        let pod = try namespace("\(name)-pod")
        let addresses = [IPAddress.v4(10, 244, number, 5), IPAddress("fd00:\(number)::5")].compactMap(\.self)
        try route.perform(.createLink(NewLink("pod", .veth(peer: .init("eth0", in: pod)))))
        try route.perform(.changeLink(.named("pod"), LinkChange(isUp: true, ipv4Settings: [.proxyARP: 1])))
        let link = try route.link(.named("pod"))
        let inside = try RouteSocket(in: pod)
        let end = try inside.link(.named("eth0"))
        try inside.perform(.changeLink(.index(end.index), .up))
        for (index, address) in addresses.enumerated() {
            let bits = address.bitWidth
            try inside.perform(.addAddress(InterfaceAddress(address, prefixLength: bits, link: end.index)))
            try route.perform(.addRoute(Route(to: IPPrefix(address), link: link.index)))
            let hop = index == 0 ? IPAddress.v4(169, 254, 1, 1) : try ipAddress("fe80::1")
            guard let there = link.mac, let here = end.mac else { continue }
            try inside.perform(.replaceNeighbour(.permanent(hop, at: there, link: end.index)))
            try route.perform(.replaceNeighbour(.permanent(address, at: here, link: link.index)))
            try inside.perform(.addRoute(Route(to: all[index], via: hop, link: end.index, isOnLink: true)))
        }
        places.append(
            Place(name: name, node: node, pod: pod, address: address, ranges: ranges, podAddresses: addresses))
    }
}

private struct NotAnAddress: Error {
    var text: String
}

private func prefix(_ text: String) throws -> IPPrefix {
    guard let prefix = IPPrefix(text) else { throw NotAnAddress(text: text) }
    return prefix
}

private func ipAddress(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(text) else { throw NotAnAddress(text: text) }
    return address
}

extension NetworkNamespace {
    /// Runs a program inside; gives its exit status and what it said.
    @discardableResult
    func program(_ arguments: String...) async throws -> (status: Int32, text: String) {
        try await run {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
    }
}
